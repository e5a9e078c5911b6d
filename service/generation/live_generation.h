#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "absl/status/status.h"
#include "generation/wakeup.h"
#include "generation/watcher.h"

namespace easel::generation {

// One generation at work: its lifecycle publishes states here, and calls of any thread look at them, wait for them, and say
// what they wish. Owned by the registry of running generations and by everybody who watches.
class LiveGeneration : public std::enable_shared_from_this<LiveGeneration> {
 public:
  // What the lifecycle is to do at its next step.
  enum class Wish {
    kGoOn,
    kAbort,    // stop what can be stopped and end CANCELLED
    kSuspend,  // stop: a restart carries on
  };

  explicit LiveGeneration(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

  const boost::asio::any_io_executor& loop() const { return loop_; }

  // --- Any thread ---

  // Null until it is accepted.
  Snapshot snapshot() const;
  // The first state past `revision` of those that came while somebody waited for every change, or else the newest.
  Snapshot After(std::int64_t revision) const;
  // Set if it was refused instead of accepted.
  absl::Status refusal() const;

  void Attach();
  // `leave_with` ABORT: the last one to go cancels the generation.
  void Detach(v1::CancelPolicy leave_with);
  // Another process runs it: when the last caller leaves with ABORT, `on_abandoned` is called instead of a wish being made.
  void RunElsewhere(std::function<void()> on_abandoned);
  // The lease of this process that it runs under (see Replicas); 0: none is needed, or none was held.
  void SetLease(std::uint64_t lease) { lease_ = lease; }
  std::uint64_t lease() const { return lease_; }

  // What a waiter wants to be woken for.
  enum class Interest { kEveryChange, kEnd };
  void AddWaiter(std::shared_ptr<Wakeup> wakeup, Interest interest = Interest::kEveryChange);
  void RemoveWaiter(const std::shared_ptr<Wakeup>& wakeup);

  // A waiter for as long as it lives.
  class Waiting {
   public:
    Waiting(LiveGeneration& live, std::shared_ptr<Wakeup> wakeup) : live_(live), wakeup_(std::move(wakeup)) {
      live_.AddWaiter(wakeup_);
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { live_.RemoveWaiter(wakeup_); }

   private:
    LiveGeneration& live_;
    const std::shared_ptr<Wakeup> wakeup_;
  };

  // As CancelGeneration: QUEUED is aborted under either policy, later work only with ABORT, and is marked otherwise.
  void Cancel(v1::CancelPolicy policy);
  void Suspend();

  // --- The lifecycle, on the loop ---

  // Called, once, with the record that has ended, before anybody sees it. To be set before the lifecycle begins.
  void AtEnd(std::function<void(const Record&)> told) { at_end_ = std::move(told); }
  void Publish(Snapshot snapshot);
  void Refuse(absl::Status status);
  Wish wish() const;
  bool cancel_marked() const;
  // Emitted when the wish changes: ends whatever the lifecycle waits for.
  boost::asio::cancellation_slot interruption() { return interruption_.slot(); }

 private:
  struct Waiter {
    std::shared_ptr<Wakeup> wakeup;
    Interest interest;
  };

  void Wake(const std::vector<Waiter>& waiters, bool ended);
  void SetWish(Wish wish);  // with mutex_

  const boost::asio::any_io_executor loop_;
  boost::asio::cancellation_signal interruption_;  // touched on the loop only
  std::function<void(const Record&)> at_end_;      // so is this
  mutable std::mutex mutex_;
  Snapshot snapshot_;
  std::deque<Snapshot> lately_;  // for those who wait for every change
  absl::Status refusal_;
  Wish wish_ = Wish::kGoOn;
  bool cancel_marked_ = false;
  int attached_ = 0;
  std::function<void()> on_abandoned_;
  std::atomic<std::uint64_t> lease_ = 0;
  std::vector<Waiter> waiters_;
};

}  // namespace easel::generation
