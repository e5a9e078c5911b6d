#include "generation/admission.h"

#include <algorithm>
#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/strings/str_cat.h"
#include "generation/error.h"
#include "generation/wakeup.h"

namespace easel::generation {

namespace asio = boost::asio;

struct Admission::Waiter {
  Entry entry;
  std::shared_ptr<Wakeup> wakeup;
  absl::Time since;
  std::optional<std::size_t> granted;
};

Admission::Turn::Turn(Turn&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)), lane_(other.lane_) {}

Admission::Turn& Admission::Turn::operator=(Turn&& other) noexcept {
  std::swap(admission_, other.admission_);
  std::swap(lane_, other.lane_);
  return *this;
}

Admission::Turn::~Turn() {
  if (admission_ != nullptr) admission_->Release(lane_);
}

ImageModel& Admission::Turn::account() const { return *admission_->lanes_[lane_].account; }

void Admission::Turn::Report(Governor::Answer answer, std::optional<absl::Duration> retry_after) {
  admission_->Report(lane_, answer, retry_after);
}

Admission::Admission(int queue_max, Governor::Limits limits, std::vector<ImageModel*> accounts,
                     std::vector<std::string> models, Clock& clock, Metrics& metrics,
                     std::function<std::uint64_t()> random, asio::any_io_executor executor)
    : queue_max_(queue_max), clock_(clock), metrics_(metrics), random_(std::move(random)), executor_(std::move(executor)) {
  for (const std::string& model : models) {
    queues_[model];
    metrics_.QueueDepth(model, 0);
    for (ImageModel* account : accounts) {
      lanes_.push_back({account, model, Governor(limits)});
      ShowLane(lanes_.back());
    }
  }
}

Admission::~Admission() = default;

absl::StatusOr<Admission::Place> Admission::Promise(std::string_view model) {
  const std::lock_guard lock(mutex_);
  const auto it = queues_.find(model);
  if (it == queues_.end()) return absl::InternalError("a model without a queue");
  const Queue& queue = it->second;
  if (queue.waiting + *queue.promised >= queue_max_ + Room(model)) {
    return ToStatus({.reason = v1::ERROR_REASON_QUEUE_FULL,
                     .message = absl::StrCat("The queue for ", it->first, " is full: ", queue.waiting,
                                             " generations wait. Nothing was recorded or spent; try again later."),
                     .retry_after = absl::Seconds(10)});
  }
  ++*queue.promised;
  // The count outlives the promise; giving it back takes the lock.
  return Place(std::shared_ptr<void>(nullptr, [this, promised = queue.promised](void*) {
    const std::lock_guard relock(mutex_);
    --*promised;
  }));
}

// A waiter's presence in the queue: ends with the coroutine that waits, whatever ends that.
class Admission::Stay {
 public:
  Stay(Admission& admission, std::shared_ptr<Waiter> waiter) : admission_(admission), waiter_(std::move(waiter)) {
    const std::lock_guard lock(admission_.mutex_);
    admission_.Enqueue(waiter_);
  }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;
  ~Stay() { admission_.Leave(*waiter_); }

  // The lane that was granted, once.
  std::optional<std::size_t> Take() {
    const std::lock_guard lock(admission_.mutex_);
    return std::exchange(waiter_->granted, std::nullopt);
  }

 private:
  Admission& admission_;
  const std::shared_ptr<Waiter> waiter_;
};

asio::awaitable<std::optional<Admission::Turn>> Admission::Wait(Entry entry, Place place) {
  auto waiter = std::make_shared<Waiter>();
  waiter->since = clock_.Now();
  waiter->entry = std::move(entry);
  waiter->wakeup = std::make_shared<Wakeup>(co_await asio::this_coro::executor);
  Stay stay(*this, waiter);
  place = Place();
  Dispatch();
  while (true) {
    if (const auto lane = stay.Take()) {
      metrics_.QueueWaited(waiter->entry.model, clock_.Now() - waiter->since);
      co_return Turn(this, *lane);
    }
    const bool cancelled =
        (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
    if (cancelled || clock_.Now() >= waiter->entry.until) co_return std::nullopt;
    co_await waiter->wakeup->Wait(absl::InfiniteDuration());
  }
}

Admission::Turn Admission::Occupy(const ImageModel& account, std::string_view model) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].account != &account || lanes_[i].model != model) continue;
    lanes_[i].governor.Take();
    return Turn(this, i);
  }
  return {};
}

void Admission::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

std::optional<int> Admission::Position(std::string_view name, std::string_view model) const {
  const std::lock_guard lock(mutex_);
  const auto it = queues_.find(model);
  if (it == queues_.end()) return std::nullopt;
  const Queue& queue = it->second;
  for (std::size_t turn = 0; turn < queue.turns.size(); ++turn) {
    const auto& own = queue.by_caller.at(queue.turns[turn]);
    const auto found = std::find_if(own.begin(), own.end(), [&](const auto& waiter) { return waiter->entry.name == name; });
    if (found == own.end()) continue;
    const auto before = static_cast<std::size_t>(found - own.begin());
    std::size_t position = before;
    for (std::size_t other = 0; other < queue.turns.size(); ++other) {
      if (other == turn) continue;
      position += std::min(queue.by_caller.at(queue.turns[other]).size(), before + (other < turn ? 1 : 0));
    }
    return static_cast<int>(position);
  }
  return std::nullopt;
}

absl::Duration Admission::ExpectedWait(std::string_view model, absl::Duration typical) const {
  const std::lock_guard lock(mutex_);
  const auto it = queues_.find(model);
  if (it == queues_.end()) return absl::ZeroDuration();
  int limit = 0;
  int busy = it->second.waiting + *it->second.promised;
  for (const Lane& lane : lanes_) {
    if (lane.model != model) continue;
    limit += lane.governor.limit();
    busy += lane.governor.in_flight();
  }
  return busy < limit ? absl::ZeroDuration() : typical * (static_cast<double>(busy - limit + 1) / std::max(1, limit));
}

void Admission::Release(std::size_t lane) {
  {
    const std::lock_guard lock(mutex_);
    lanes_[lane].governor.Release();
  }
  Dispatch();
}

void Admission::Report(std::size_t lane, Governor::Answer answer, std::optional<absl::Duration> retry_after) {
  {
    const std::lock_guard lock(mutex_);
    lanes_[lane].governor.Learn(answer, retry_after, clock_.Now(), random_());
    ShowLane(lanes_[lane]);
  }
  Dispatch();  // a good answer may have made room
}

void Admission::Leave(Waiter& waiter) {
  {
    const std::lock_guard lock(mutex_);
    if (waiter.granted) {
      lanes_[*waiter.granted].governor.Release();
    } else if (!Remove(queues_.find(waiter.entry.model)->second, waiter)) {
      return;
    }
  }
  Dispatch();  // it may have stood before others
}

void Admission::ShowLane(const Lane& lane) const {
  const ImageModel& account = *lane.account;
  metrics_.ConcurrencyLimit(account.upstream(), account.key_fingerprint(), lane.model, lane.governor.limit());
  metrics_.KeyUp(account.upstream(), account.key_fingerprint(), !lane.governor.set_aside());
}

void Admission::Dispatch() {
  const std::lock_guard lock(mutex_);
  const absl::Time now = clock_.Now();
  for (auto& [model, queue] : queues_) {
    while (GrantOne(queue)) {
    }
    metrics_.QueueDepth(model, queue.waiting);
    // Told once; until they have left they count as waiting.
    auto& patience = queue.by_patience;
    for (auto it = patience.begin(); it != patience.end() && it->first <= now; it = patience.erase(it)) {
      it->second->wakeup->Notify();
    }
  }
  Arm(NextEvent());
}

void Admission::Enqueue(std::shared_ptr<Waiter> waiter) {
  Queue& queue = queues_[waiter->entry.model];
  auto& own = queue.by_caller[waiter->entry.caller];
  if (own.empty()) queue.turns.push_back(waiter->entry.caller);
  ++queue.waiting;
  queue.by_patience.emplace(waiter->entry.until, waiter.get());
  if (waiter->entry.first) {
    own.push_front(std::move(waiter));
  } else {
    own.push_back(std::move(waiter));
  }
}

bool Admission::Remove(Queue& queue, Waiter& waiter) {
  const auto it = queue.by_caller.find(waiter.entry.caller);
  const auto is_it = [&](const std::shared_ptr<Waiter>& other) { return other.get() == &waiter; };
  if (it == queue.by_caller.end() || std::erase_if(it->second, is_it) == 0) return false;
  --queue.waiting;
  queue.by_patience.erase({waiter.entry.until, &waiter});
  if (it->second.empty()) {
    std::erase(queue.turns, it->first);
    queue.by_caller.erase(it);
  }
  return true;
}

// The first caller in turn whose first waiter fits a lane; that caller goes to the end of the row.
bool Admission::GrantOne(Queue& queue) {
  for (std::size_t i = 0; i < queue.turns.size(); ++i) {
    const std::shared_ptr<Waiter> waiter = queue.by_caller.at(queue.turns[i]).front();
    const auto lane = FreeLane(*waiter);
    if (!lane) continue;
    Remove(queue, *waiter);
    if (queue.by_caller.contains(waiter->entry.caller)) {
      std::erase(queue.turns, waiter->entry.caller);
      queue.turns.push_back(waiter->entry.caller);
    }
    lanes_[*lane].governor.Take();
    waiter->granted = lane;
    waiter->wakeup->Notify();
    return true;
  }
  return false;
}

// Healthy accounts first. One that is set aside is asked when its next probe is due, or when there is nobody else: a
// refusal costs nothing, and tells the caller the real reason.
std::optional<std::size_t> Admission::FreeLane(const Waiter& waiter) const {
  if (closed_) return std::nullopt;
  const absl::Time now = clock_.Now();
  std::optional<std::size_t> probe;
  std::optional<std::size_t> last_resort;
  bool healthy = false;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const Lane& lane = lanes_[i];
    const auto& not_at = waiter.entry.not_at;
    if (lane.model != waiter.entry.model) continue;
    if (std::find(not_at.begin(), not_at.end(), lane.account) != not_at.end()) continue;
    if (!lane.governor.set_aside()) {
      healthy = true;
      if (lane.governor.HasRoom(now)) return i;
    } else if (lane.governor.HasRoom(now)) {
      probe = i;
    } else if (lane.governor.in_flight() == 0) {
      last_resort = i;
    }
  }
  if (probe) return probe;
  return healthy ? std::nullopt : last_resort;
}

int Admission::Room(std::string_view model) const {
  int room = 0;
  for (const Lane& lane : lanes_) {
    if (lane.model == model) room += std::max(0, lane.governor.limit() - lane.governor.in_flight());
  }
  return room;
}

absl::Time Admission::NextEvent() const {
  absl::Time next = absl::InfiniteFuture();
  const absl::Time now = clock_.Now();
  for (const auto& [model, queue] : queues_) {
    if (queue.waiting == 0) continue;
    if (!queue.by_patience.empty()) next = std::min(next, queue.by_patience.begin()->first);
    for (const Lane& lane : lanes_) {
      if (lane.model == model && lane.governor.reopens() > now) next = std::min(next, lane.governor.reopens());
    }
  }
  return next;
}

void Admission::Arm(absl::Time time) {
  if (time >= armed_) return;
  armed_ = time;
  asio::co_spawn(executor_, WakeAt(time), asio::detached);
}

asio::awaitable<void> Admission::WakeAt(absl::Time time) {
  co_await clock_.Sleep(std::max(absl::ZeroDuration(), time - clock_.Now()));
  {
    const std::lock_guard lock(mutex_);
    if (armed_ <= time) armed_ = absl::InfiniteFuture();
  }
  Dispatch();
}

}  // namespace easel::generation
