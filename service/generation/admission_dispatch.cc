#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "generation/admission_waiter.h"

namespace easel::generation {

namespace asio = boost::asio;

void Admission::Dispatch() {
  const std::lock_guard lock(mutex_);
  const absl::Time now = clock_.Now();
  for (auto& [model, queue] : queues_) {
    while (GrantOne(queue)) {
    }
    metrics_.QueueDepth(model, queue.waiting);
    // Told once; until they have left they count as waiting.
    auto& patience = queue.by_patience;
    for (auto it = patience.begin(); expected_ == 0 && it != patience.end() && it->first <= now; it = patience.erase(it)) {
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
  CountRetry(*waiter, +1);
  queue.by_patience.emplace(waiter->entry.until, waiter.get());
  const auto goes_before = [](const std::shared_ptr<Waiter>& a, const std::shared_ptr<Waiter>& b) {
    return a->entry.first != b->entry.first ? a->entry.first : a->entry.created < b->entry.created;
  };
  const auto place = std::upper_bound(own.begin(), own.end(), waiter, goes_before);
  own.insert(place, std::move(waiter));
}

bool Admission::Remove(Queue& queue, Waiter& waiter) {
  const auto it = queue.by_caller.find(waiter.entry.caller);
  const auto is_it = [&](const std::shared_ptr<Waiter>& other) { return other.get() == &waiter; };
  if (it == queue.by_caller.end() || std::erase_if(it->second, is_it) == 0) return false;
  --queue.waiting;
  CountRetry(waiter, -1);
  queue.by_patience.erase({waiter.entry.until, &waiter});
  if (it->second.empty()) {
    std::erase(queue.turns, it->first);
    queue.by_caller.erase(it);
  }
  return true;
}

// The first caller in turn of whose waiters one fits a lane; that caller goes to the end of the row.
bool Admission::GrantOne(Queue& queue) {
  if (closed_ || expected_ > 0) return false;
  for (const std::string& caller : queue.turns) {
    std::size_t lane = 0;
    if (const auto waiter = FirstThatFits(queue.by_caller.at(caller), lane)) {
      Grant(queue, waiter, lane);
      return true;
    }
  }
  return false;
}

std::shared_ptr<Admission::Waiter> Admission::FirstThatFits(const std::deque<std::shared_ptr<Waiter>>& own,
                                                            std::size_t& lane) const {
  for (const std::shared_ptr<Waiter>& waiter : own) {
    if (const auto free = FreeLane(waiter->entry)) {
      lane = *free;
      return waiter;
    }
    // Where one that may go anywhere finds nothing, nobody behind it does.
    if (waiter->entry.not_at.empty() && waiter->entry.failed_at.empty()) break;
  }
  return nullptr;
}

void Admission::Grant(Queue& queue, const std::shared_ptr<Waiter>& waiter, std::size_t lane) {
  Remove(queue, *waiter);
  if (queue.by_caller.contains(waiter->entry.caller)) {
    std::erase(queue.turns, waiter->entry.caller);
    queue.turns.push_back(waiter->entry.caller);
  }
  Use(waiter->entry, lane);
  waiter->granted = lane;
  waiter->wakeup->Notify();
}

void Admission::Use(const Entry& entry, std::size_t lane) {
  const absl::Time now = clock_.Now();
  Upstream& upstream = upstreams_[lanes_[lane].upstream];
  upstream.breaker.Take(now, random_());
  if (WouldRetryAt(entry, lanes_[lane].upstream)) {
    upstream.retries.Spend(now);
  } else {
    upstream.retries.Earn(now);
  }
  lanes_[lane].governor.Take();
}

// A key that is set aside is asked when its probe is due, for a refusal costs nothing and the generation goes on elsewhere;
// or when there is nobody else, which tells the caller the real reason.
std::optional<std::size_t> Admission::FreeLane(const Entry& entry) const {
  const absl::Time now = clock_.Now();
  std::optional<std::size_t> free;
  std::optional<std::size_t> last_resort;
  std::optional<std::size_t> taking;  // the first upstream that takes work
  bool hope = false;
  for (const std::size_t i : in_use_) {
    const Lane& lane = lanes_[i];
    const auto& not_at = entry.not_at;
    if (lane.model != entry.model || lane.governor.shut()) continue;
    if (std::find(not_at.begin(), not_at.end(), lane.account) != not_at.end()) continue;
    if (taking && lane.upstream != *taking) break;
    const Upstream& upstream = upstreams_[lane.upstream];
    const bool open = upstream.breaker.Admits(now) &&
                      (upstream.retries.Has(now) || !WouldRetryAt(entry, lane.upstream));
    if (lane.governor.set_aside()) {
      if (open && lane.governor.HasRoom(now)) return i;
      if (open && lane.governor.in_flight() == 0 && !last_resort) last_resort = i;
      continue;
    }
    hope = true;
    if (!open || lane.governor.paused(now)) continue;
    taking = lane.upstream;
    if (!free && lane.governor.HasRoom(now)) free = i;
  }
  if (free) return free;
  return hope ? std::nullopt : last_resort;
}

bool Admission::Takes(const Lane& lane, absl::Time now) const {
  return !lane.governor.set_aside() && !lane.governor.paused(now) && upstreams_[lane.upstream].breaker.Admits(now);
}

bool Admission::WouldRetryAt(const Entry& entry, std::size_t upstream) const {
  const auto& failed_at = entry.failed_at;
  return std::find(failed_at.begin(), failed_at.end(), upstreams_[upstream].name) != failed_at.end();
}

void Admission::CountRetry(const Waiter& waiter, int change) {
  for (std::size_t i = 0; i < upstreams_.size(); ++i) {
    if (WouldRetryAt(waiter.entry, i)) upstreams_[i].waiting_to_retry += change;
  }
}

// Where work for the model goes now: up to the first upstream that takes any, or all where none does.
std::vector<const Admission::Lane*> Admission::LanesInUse(std::string_view model) const {
  std::vector<const Lane*> lanes;
  std::optional<std::size_t> taking;
  for (const std::size_t i : in_use_) {
    const Lane& lane = lanes_[i];
    if (lane.model != model) continue;
    if (taking && lane.upstream != *taking) break;
    if (Takes(lane, clock_.Now())) taking = lane.upstream;
    lanes.push_back(&lane);
  }
  return lanes;
}

int Admission::Room(std::string_view model) const {
  int room = 0;
  for (const Lane* lane : LanesInUse(model)) room += std::max(0, lane->governor.limit() - lane->governor.in_flight());
  return room;
}

// How long none of these lanes takes anything. Those that are set aside are asked at any time where there is no other.
absl::Duration Admission::Pause(const std::vector<const Lane*>& lanes) const {
  const absl::Time now = clock_.Now();
  absl::Time opens = absl::InfiniteFuture();
  for (const Lane* lane : lanes) {
    if (lane->governor.set_aside()) continue;
    opens = std::min(opens, std::max(lane->governor.reopens(), upstreams_[lane->upstream].breaker.next_try()));
  }
  return opens == absl::InfiniteFuture() ? absl::ZeroDuration() : std::max(absl::ZeroDuration(), opens - now);
}

absl::Time Admission::NextEvent() const {
  absl::Time next = absl::InfiniteFuture();
  if (expected_ > 0) return next;  // who comes last looks after all
  bool waiting = false;
  const absl::Time now = clock_.Now();
  for (const auto& [model, queue] : queues_) {
    if (queue.waiting == 0) continue;
    if (!queue.by_patience.empty()) next = std::min(next, queue.by_patience.begin()->first);
    for (const std::size_t i : in_use_) {
      const Lane& lane = lanes_[i];
      if (lane.model == model && lane.governor.reopens() > now) next = std::min(next, lane.governor.reopens());
    }
    waiting = true;
  }
  for (const Upstream& upstream : upstreams_) {
    if (waiting && !upstream.breaker.Admits(now)) next = std::min(next, upstream.breaker.next_try());
    if (upstream.waiting_to_retry > 0 && !upstream.retries.Has(now)) next = std::min(next, upstream.retries.Next(now));
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
