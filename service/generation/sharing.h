#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "generation/intake.h"
#include "generation/lifecycle.h"
#include "generation/mirrors.h"
#include "generation/running_generations.h"
#include "generation/wakeup.h"

namespace easel::generation {

// This process's part in what several do together: it takes over what nobody runs any more, lets go of what another has taken
// over, does what others wish for its own generations, passes news on to those who watch, and takes its share of limits.
// What waits here and cannot go from here, because this process shuts down or its share of the limits is nothing, it gives to
// the others. Looks for all of that at every pulse of the replicas (a third of a lease), and does nothing in between.
// Thread-safe.
class Sharing : private Replicas::Listener {
 public:
  // All outlive this; `world` has replicas.
  Sharing(const World& world, RunningGenerations& running, Intake& intake, Mirrors& mirrors)
      : world_(world), running_(running), intake_(intake), mirrors_(mirrors) {}

  // Once: looks for the first time, and then on `loop` until Stop. Returns after the first look.
  boost::asio::awaitable<absl::Status> Start(boost::asio::any_io_executor loop);
  // From here on nothing is taken over, and what waits is the others'.
  void StopTaking();
  // An order has come in: it goes to the others at once where none goes from here.
  void HandOn();
  void Stop();
  // Waits, on a thread that is no loop, until it has stopped.
  bool AwaitStopped(absl::Duration patience) const;

 private:
  void Changed(std::string_view name, std::int64_t revision) override;
  void Wished(std::string_view name, Replicas::Wish wish) override;
  void Reconnected() override;
  void Pulse() override;
  void NotRenewed(const absl::Status& why) override;

  boost::asio::awaitable<void> Run(std::shared_ptr<Wakeup> wakeup);
  void WakeUp();
  boost::asio::awaitable<absl::Status> Look();
  bool TakesWork() const { return taking_ && world_.admission.HasPart(); }
  boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> TakeOver();
  boost::asio::awaitable<absl::Status> LetGo();
  boost::asio::awaitable<absl::Status> CompareOwned();
  void TakeShare();
  static void Do(LiveGeneration& live, Replicas::Wish wish);

  const World& world_;
  RunningGenerations& running_;
  Intake& intake_;
  Mirrors& mirrors_;
  std::atomic<bool> taking_ = true;
  std::atomic<bool> stopping_ = false;
  std::weak_ptr<Wakeup> wakeup_;  // of Run, so that it goes with the loop
  mutable std::mutex mutex_;
  mutable std::condition_variable stopped_;
  bool running_now_ = false;
  Replicas::Standing standing_;  // as last shared; on the loop only
};

}  // namespace easel::generation
