#include "generation/admission.h"

#include <algorithm>
#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/strings/str_cat.h"
#include "generation/admission_waiter.h"
#include "generation/error.h"

namespace easel::generation {

namespace asio = boost::asio;

namespace {

Breaker::News NewsOf(Governor::Answer answer) {
  switch (answer) {
    case Governor::Answer::kFailed:
      return Breaker::News::kTrouble;
    case Governor::Answer::kUnanswered:
      return Breaker::News::kUnanswered;
    default:
      return Breaker::News::kAnswered;
  }
}

}  // namespace

Admission::Turn::Turn(Turn&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)), account_(other.account_), lane_(other.lane_) {}

Admission::Turn& Admission::Turn::operator=(Turn&& other) noexcept {
  std::swap(admission_, other.admission_);
  std::swap(account_, other.account_);
  std::swap(lane_, other.lane_);
  return *this;
}

Admission::Turn::~Turn() {
  if (admission_ != nullptr) admission_->Release(lane_);
}

void Admission::Turn::Report(Governor::Answer answer, std::optional<absl::Duration> retry_after) {
  admission_->Report(lane_, answer, retry_after);
}

Admission::Admission(int queue_max, Governor::Limits limits, std::vector<ImageModel*> accounts,
                     std::vector<std::string> models, Clock& clock, Metrics& metrics,
                     std::function<std::uint64_t()> random, asio::any_io_executor executor, OnEvent on_event)
    : queue_max_(queue_max), limits_(limits), clock_(clock), metrics_(metrics), random_(std::move(random)),
      executor_(std::move(executor)), on_event_(std::move(on_event)) {
  for (const std::string& model : models) {
    queues_[model];
    metrics_.QueueDepth(model, 0);
  }
  Use(accounts);
}

void Admission::SetAccounts(const std::vector<ImageModel*>& accounts) {
  {
    const std::lock_guard lock(mutex_);
    Use(accounts);
  }
  Dispatch();
}

void Admission::Use(const std::vector<ImageModel*>& accounts) {
  in_use_.clear();
  for (const auto& [model, queue] : queues_) {
    for (ImageModel* account : accounts) in_use_.push_back(LaneOf(*account, model));
  }
  for (const Lane& lane : lanes_) ShowLane(lane);
}

std::size_t Admission::LaneOf(ImageModel& account, const std::string& model) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].account == &account && lanes_[i].model == model) return i;
  }
  lanes_.push_back({&account, model, UpstreamOf(account), Governor(OwnLimits())});
  return lanes_.size() - 1;
}

std::size_t Admission::UpstreamOf(const ImageModel& account) {
  const auto is_it = [&](const Upstream& upstream) { return upstream.name == account.upstream(); };
  const auto found = std::find_if(upstreams_.begin(), upstreams_.end(), is_it);
  if (found != upstreams_.end()) return static_cast<std::size_t>(found - upstreams_.begin());
  upstreams_.push_back({.name = account.upstream(), .breaker = {}, .retries = {}});
  return upstreams_.size() - 1;
}

Admission::~Admission() = default;

absl::StatusOr<Admission::Place> Admission::Promise(std::string_view model) {
  const std::lock_guard lock(mutex_);
  const auto it = queues_.find(model);
  if (it == queues_.end()) return absl::InternalError("a model without a queue");
  const Queue& queue = it->second;
  const int waiting = queue.waiting + queue.elsewhere;
  if (waiting + *queue.promised >= queue_max_ + Room(model)) {
    return ToStatus({.reason = v1::ERROR_REASON_QUEUE_FULL,
                     .message = absl::StrCat("The queue for ", it->first, " is full: ", waiting,
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

Admission::Place Admission::Expect() {
  const std::lock_guard lock(mutex_);
  ++expected_;
  return Place(std::shared_ptr<void>(nullptr, [this](void*) {
    {
      const std::lock_guard relock(mutex_);
      if (--expected_ > 0) return;
    }
    Dispatch();
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

  // The turn that was granted, once.
  std::optional<Turn> Take() {
    const std::lock_guard lock(admission_.mutex_);
    const auto lane = std::exchange(waiter_->granted, std::nullopt);
    return lane ? std::optional(admission_.TurnAt(*lane)) : std::nullopt;
  }

  // While others are expected, nobody has had a chance yet.
  bool TimeIsUp() const {
    const std::lock_guard lock(admission_.mutex_);
    return admission_.expected_ == 0 && admission_.clock_.Now() >= waiter_->entry.until;
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
    if (auto lane = stay.Take()) {
      metrics_.QueueWaited(waiter->entry.model, clock_.Now() - waiter->since);
      co_return *std::move(lane);
    }
    const bool cancelled =
        (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
    if (cancelled || stay.TimeIsUp()) co_return std::nullopt;
    co_await waiter->wakeup->Wait(absl::InfiniteDuration());
  }
}

std::optional<Admission::Turn> Admission::TakeAtOnce(const Entry& entry) {
  std::optional<Turn> turn;
  {
    const std::lock_guard lock(mutex_);
    const auto queue = queues_.find(entry.model);
    if (closed_ || expected_ > 0 || queue == queues_.end()) return std::nullopt;
    // Its own promise is one of those.
    if (queue->second.waiting > 0 || *queue->second.promised > 1) return std::nullopt;
    const auto lane = FreeLane(entry);
    if (!lane) return std::nullopt;
    Use(entry, *lane);
    turn = TurnAt(*lane);
  }
  metrics_.QueueWaited(entry.model, absl::ZeroDuration());
  return turn;
}

Admission::Turn Admission::Occupy(const ImageModel& account, std::string_view model) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].account != &account || lanes_[i].model != model) continue;
    lanes_[i].governor.Take();
    return TurnAt(i);
  }
  return {};
}

void Admission::SetLimits(int queue_max, Governor::Limits limits) {
  {
    const std::lock_guard lock(mutex_);
    queue_max_ = queue_max;
    limits_ = limits;
    ApplyLimits();
  }
  Dispatch();
}

void Admission::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

std::optional<int> Admission::Position(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [model, queue] : queues_) {
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
  }
  return std::nullopt;
}

bool Admission::Takes(std::string_view model, const std::vector<const ImageModel*>& not_at) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(in_use_.begin(), in_use_.end(), [&](std::size_t i) {
    const Lane& lane = lanes_[i];
    return lane.model == model && Takes(lane, clock_.Now()) &&
           std::find(not_at.begin(), not_at.end(), lane.account) == not_at.end();
  });
}

bool Admission::Unreachable(std::string_view model) const {
  const std::lock_guard lock(mutex_);
  bool open = false;
  for (const std::size_t i : in_use_) {
    const Lane& lane = lanes_[i];
    if (lane.model != model || lane.governor.set_aside()) continue;
    if (!upstreams_[lane.upstream].breaker.open()) return false;
    open = true;
  }
  return open;
}

absl::Duration Admission::ExpectedWait(std::string_view model, absl::Duration typical) const {
  const std::lock_guard lock(mutex_);
  const auto it = queues_.find(model);
  if (it == queues_.end()) return absl::ZeroDuration();
  int limit = 0;
  int busy = it->second.waiting + *it->second.promised;
  const std::vector<const Lane*> lanes = LanesInUse(model);
  for (const Lane* lane : lanes) {
    limit += lane->governor.limit();
    busy += lane->governor.in_flight();
  }
  const absl::Duration pause = Pause(lanes);
  if (limit == 0 || busy < limit) return pause;  // without a part of the limits, others take it
  return pause + typical * (static_cast<double>(busy - limit + 1) / limit);
}

void Admission::Release(std::size_t lane) {
  {
    const std::lock_guard lock(mutex_);
    lanes_[lane].governor.Release();
  }
  Dispatch();
}

void Admission::Report(std::size_t index, Governor::Answer answer, std::optional<absl::Duration> retry_after) {
  std::vector<Event> events;
  const ImageModel* its_account = nullptr;
  {
    const std::lock_guard lock(mutex_);
    Lane& lane = lanes_[index];
    const ImageModel& account = *lane.account;
    its_account = &account;
    Breaker& breaker = upstreams_[lane.upstream].breaker;
    const bool was_open = breaker.open();
    const bool was_aside = SetAside(account);
    lane.governor.Learn(answer, retry_after, clock_.Now(), random_());
    breaker.Learn(NewsOf(answer), clock_.Now(), random_());
    if (breaker.open() != was_open) events.push_back(was_open ? Event::kBreakerClosed : Event::kBreakerOpened);
    if (SetAside(account) != was_aside) events.push_back(was_aside ? Event::kKeyBack : Event::kKeySetAside);
    ShowLane(lane);
  }
  if (on_event_) {
    for (const Event event : events) on_event_(event, *its_account);
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

// A key is as good as the worst of its models says.
bool Admission::SetAside(const ImageModel& account) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    return lane.account == &account && lane.governor.set_aside();
  });
}

void Admission::ShowLane(const Lane& lane) const {
  const ImageModel& account = *lane.account;
  // Nobody is to be woken for a key that was taken out of use.
  const bool used = std::any_of(in_use_.begin(), in_use_.end(), [&](std::size_t i) { return &lanes_[i] == &lane; });
  metrics_.ConcurrencyLimit(account.upstream(), account.key_fingerprint(), lane.model, used ? lane.governor.limit() : 0);
  metrics_.KeyUp(account.upstream(), account.key_fingerprint(), !used || !SetAside(account));
  metrics_.BreakerOpen(account.upstream(), upstreams_[lane.upstream].breaker.open());
}

}  // namespace easel::generation
