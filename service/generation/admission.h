#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "generation/governor.h"
#include "generation/ports/clock.h"
#include "generation/ports/image_model.h"
#include "generation/ports/metrics.h"

namespace easel::generation {

class Wakeup;

// Who goes to the upstream next: a bounded queue for each model, fair between callers, in front of a governor for each
// account and model. Thread-safe.
class Admission {
 public:
  // A place in the queue, promised before the generation is recorded. Gives itself back.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept { std::swap(count_, other.count_); }
    Place& operator=(Place&& other) noexcept { std::swap(count_, other.count_); return *this; }

   private:
    friend Admission;
    explicit Place(std::shared_ptr<void> count) : count_(std::move(count)) {}
    std::shared_ptr<void> count_;
  };

  // The right to have one submission, and its task, at an account. Gives itself back.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept;
    Turn& operator=(Turn&& other) noexcept;
    ~Turn();
    explicit operator bool() const { return admission_ != nullptr; }
    ImageModel& account() const;
    // What the upstream made of the submission.
    void Report(Governor::Answer answer, std::optional<absl::Duration> retry_after = std::nullopt);

   private:
    friend Admission;
    Turn(Admission* admission, std::size_t lane) : admission_(admission), lane_(lane) {}
    Admission* admission_ = nullptr;
    std::size_t lane_ = 0;
  };

  struct Entry {
    std::string name;  // the generation's
    std::string caller;
    std::string model;
    absl::Time until;                             // the wait ends then
    std::vector<const ImageModel*> not_at = {};   // accounts that refused it already
    bool first = false;                           // it has waited before: in front of its caller's others
  };

  // `accounts`, `clock` and `metrics` outlive this; so do all turns end before it. `executor` runs its timers.
  Admission(int queue_max, Governor::Limits limits, std::vector<ImageModel*> accounts, std::vector<std::string> models,
            Clock& clock, Metrics& metrics, std::function<std::uint64_t()> random, boost::asio::any_io_executor executor);
  ~Admission();

  // A place for one more generation, or QUEUE_FULL.
  absl::StatusOr<Place> Promise(std::string_view model);

  // Waits for a turn. None: the time was up, or the coroutine was cancelled. A coroutine that is destroyed while it waits
  // leaves the queue.
  boost::asio::awaitable<std::optional<Turn>> Wait(Entry entry, Place place = {});

  // A turn at once, over the limit if need be: for a task that was running before a restart.
  Turn Occupy(const ImageModel& account, std::string_view model);

  // No turn is given from here on: what waits stays recorded as QUEUED.
  void Close();

  // How many go before it; none if it does not wait.
  std::optional<int> Position(std::string_view name, std::string_view model) const;

  // How long a newcomer would wait, if an image takes `typical`.
  absl::Duration ExpectedWait(std::string_view model, absl::Duration typical) const;

 private:
  struct Waiter;
  class Stay;
  struct Lane {
    ImageModel* account;
    std::string model;
    Governor governor;
  };
  // A model's queue: each caller's waiters in order, and the callers in the order of their turns.
  struct Queue {
    std::map<std::string, std::deque<std::shared_ptr<Waiter>>> by_caller;
    std::deque<std::string> turns;
    std::set<std::pair<absl::Time, Waiter*>> by_patience;  // without those who were told that their time is up
    int waiting = 0;
    std::shared_ptr<int> promised = std::make_shared<int>(0);
  };

  void Release(std::size_t lane);
  void Report(std::size_t lane, Governor::Answer answer, std::optional<absl::Duration> retry_after);
  void Leave(Waiter& waiter);
  void Dispatch();
  void Enqueue(std::shared_ptr<Waiter> waiter);                      // with mutex_
  bool Remove(Queue& queue, Waiter& waiter);                         // with mutex_
  bool GrantOne(Queue& queue);                                       // with mutex_
  std::optional<std::size_t> FreeLane(const Waiter& waiter) const;   // with mutex_
  int Room(std::string_view model) const;                            // with mutex_
  absl::Time NextEvent() const;                                      // with mutex_
  void Arm(absl::Time time);                                         // with mutex_
  void ShowLane(const Lane& lane) const;
  boost::asio::awaitable<void> WakeAt(absl::Time time);

  const int queue_max_;
  Clock& clock_;
  Metrics& metrics_;
  const std::function<std::uint64_t()> random_;
  const boost::asio::any_io_executor executor_;
  mutable std::mutex mutex_;
  std::vector<Lane> lanes_;
  std::map<std::string, Queue, std::less<>> queues_;
  absl::Time armed_ = absl::InfiniteFuture();
  bool closed_ = false;
};

}  // namespace easel::generation
