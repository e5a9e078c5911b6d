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
#include "generation/breaker.h"
#include "generation/governor.h"
#include "generation/ports/clock.h"
#include "generation/ports/image_model.h"
#include "generation/ports/metrics.h"
#include "generation/retry_budget.h"

namespace easel::generation {

class Wakeup;

// Who goes to which upstream next: a bounded queue for each model, fair between callers, in front of a governor for each
// account and model, and of a breaker and a retry budget for each upstream. Thread-safe.
//
// Accounts are asked by preference. Those of a later upstream get something only while every account before them is set
// aside, paused or behind an open breaker; that they are busy with their own work is no reason.
class Admission {
 public:
  // A place in the queue, promised before the generation is recorded or while a restart picks it up. Gives itself back.
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
    ImageModel& account() const { return *account_; }
    // What the upstream made of the submission.
    void Report(Governor::Answer answer, std::optional<absl::Duration> retry_after = std::nullopt);

   private:
    friend Admission;
    Turn(Admission* admission, ImageModel* account, std::size_t lane)
        : admission_(admission), account_(account), lane_(lane) {}
    Admission* admission_ = nullptr;
    ImageModel* account_ = nullptr;
    std::size_t lane_ = 0;
  };

  struct Entry {
    std::string name;  // the generation's
    std::string caller;
    std::string model;
    absl::Time until;                            // the wait ends then
    std::vector<const ImageModel*> not_at = {};  // accounts that must not get it
    bool first = false;                          // it had a turn before: in front of its caller's others
    absl::Time created = absl::InfinitePast();   // the generation: its caller's go in this order
    // Upstreams that it failed at: going there again takes from their retry budget.
    std::vector<std::string> failed_at = {};
  };

  // What an operator should hear of, once each time it happens.
  enum class Event { kKeySetAside, kKeyBack, kBreakerOpened, kBreakerClosed };
  using OnEvent = std::function<void(Event, const ImageModel&)>;

  // `accounts`, by preference, those of an upstream together; they, `clock` and `metrics` outlive this; so do all turns end
  // before it. `executor` runs its timers. `on_event` is called on any thread.
  Admission(int queue_max, Governor::Limits limits, std::vector<ImageModel*> accounts, std::vector<std::string> models,
            Clock& clock, Metrics& metrics, std::function<std::uint64_t()> random, boost::asio::any_io_executor executor,
            OnEvent on_event = {});
  ~Admission();

  // A place for one more generation, or QUEUE_FULL.
  absl::StatusOr<Place> Promise(std::string_view model);

  // A place for a generation of before a restart. No turn is given as long as any such place is neither taken by Wait nor
  // given back: those that waited before stand in their order before the first of them goes.
  Place Expect();

  // Waits for a turn. A caller's waiters go by `first` and `created`, and then as they came. None: the time was up, or the coroutine was cancelled. A coroutine that is destroyed while it waits
  // leaves the queue.
  boost::asio::awaitable<std::optional<Turn>> Wait(Entry entry, Place place = {});

  // A turn at once for a newcomer whose place was promised, if nobody stands before it and an account has room.
  std::optional<Turn> TakeAtOnce(const Entry& entry);

  // A turn at once, over the limit if need be: for a task that was running before a restart.
  Turn Occupy(const ImageModel& account, std::string_view model);

  // From here on. What waits in a queue that has become too long keeps its place.
  void SetLimits(int queue_max, Governor::Limits limits);

  // The accounts that get turns from here on, as for the constructor. Those that were there keep what was learnt of them;
  // those that are left out keep the turns that they have.
  void SetAccounts(const std::vector<ImageModel*>& accounts);

  // This process is one of `count` that use the same accounts, and the `rank`-th from 0 on: each gets its part of every
  // account's limit, together exactly that much. Where there are more processes than that, the last ones get none.
  void Share(int rank, int count);

  // Whether this process's part of the limits is anything at all: turns are given here.
  bool HasPart() const;

  // How many wait at all processes, by model, of a process that has no part and so no queue: its places are theirs.
  void CountElsewhere(const std::map<std::string, int, std::less<>>& waiting);

  // No turn is given from here on: what waits stays recorded as QUEUED.
  void Close();

  // How many go before it; none if it does not wait.
  std::optional<int> Position(std::string_view name) const;

  // Whether any account but these takes work for the model now: neither set aside nor paused, and no breaker before it.
  bool Takes(std::string_view model, const std::vector<const ImageModel*>& not_at) const;

  // Whether a breaker is open before every account that would take it.
  bool Unreachable(std::string_view model) const;

  // How long a newcomer would wait, if an image takes `typical`.
  absl::Duration ExpectedWait(std::string_view model, absl::Duration typical) const;

 private:
  struct Waiter;
  class Stay;
  struct Upstream {
    std::string name;
    Breaker breaker;
    RetryBudget retries;
    int waiting_to_retry = 0;
  };
  struct Lane {
    ImageModel* account;
    std::string model;
    std::size_t upstream;
    Governor governor;
  };
  // A model's queue: each caller's waiters in order, and the callers in the order of their turns.
  struct Queue {
    std::map<std::string, std::deque<std::shared_ptr<Waiter>>> by_caller;
    std::deque<std::string> turns;
    std::set<std::pair<absl::Time, Waiter*>> by_patience;  // without those who were told that their time is up
    int waiting = 0;
    int elsewhere = 0;
    std::shared_ptr<int> promised = std::make_shared<int>(0);
  };

  void Release(std::size_t lane);
  void Report(std::size_t lane, Governor::Answer answer, std::optional<absl::Duration> retry_after);
  void Leave(Waiter& waiter);
  void Dispatch();
  // All of these with mutex_.
  Turn TurnAt(std::size_t lane) { return Turn(this, lanes_[lane].account, lane); }
  void Use(const std::vector<ImageModel*>& accounts);
  std::size_t LaneOf(ImageModel& account, const std::string& model);
  void Enqueue(std::shared_ptr<Waiter> waiter);
  bool Remove(Queue& queue, Waiter& waiter);
  bool GrantOne(Queue& queue);
  std::shared_ptr<Waiter> FirstThatFits(const std::deque<std::shared_ptr<Waiter>>& own, std::size_t& lane) const;
  void Grant(Queue& queue, const std::shared_ptr<Waiter>& waiter, std::size_t lane);
  void Use(const Entry& entry, std::size_t lane);
  std::optional<std::size_t> FreeLane(const Entry& entry) const;
  bool Takes(const Lane& lane, absl::Time now) const;
  bool WouldRetryAt(const Entry& entry, std::size_t upstream) const;
  void CountRetry(const Waiter& waiter, int change);
  std::vector<const Lane*> LanesInUse(std::string_view model) const;
  int Room(std::string_view model) const;
  absl::Duration Pause(const std::vector<const Lane*>& lanes) const;
  absl::Time NextEvent() const;
  void Arm(absl::Time time);
  bool SetAside(const ImageModel& account) const;
  // This process's part.
  Governor::Limits OwnLimits() const;
  void ApplyLimits();
  void ShowLane(const Lane& lane) const;

  std::size_t UpstreamOf(const ImageModel& account);
  boost::asio::awaitable<void> WakeAt(absl::Time time);

  int queue_max_;
  Governor::Limits limits_;  // of all processes together
  int rank_ = 0;
  int count_ = 1;
  Clock& clock_;
  Metrics& metrics_;
  const std::function<std::uint64_t()> random_;
  const boost::asio::any_io_executor executor_;
  const OnEvent on_event_;
  mutable std::mutex mutex_;
  std::vector<Upstream> upstreams_;
  std::vector<Lane> lanes_;          // none ever goes
  std::vector<std::size_t> in_use_;  // lanes, by preference
  std::map<std::string, Queue, std::less<>> queues_;
  absl::Time armed_ = absl::InfiniteFuture();
  int expected_ = 0;
  bool closed_ = false;
};

}  // namespace easel::generation
