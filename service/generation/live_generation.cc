#include "generation/live_generation.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

namespace easel::generation {

namespace asio = boost::asio;

namespace {

// More than there are from a submission to its end.
constexpr std::size_t kLately = 8;

}  // namespace

Snapshot LiveGeneration::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

Snapshot LiveGeneration::After(std::int64_t revision) const {
  const std::lock_guard lock(mutex_);
  for (const Snapshot& snapshot : lately_) {
    if (snapshot->generation().revision() > revision) return snapshot;
  }
  return snapshot_;
}

absl::Status LiveGeneration::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

void LiveGeneration::Attach() {
  const std::lock_guard lock(mutex_);
  ++attached_;
}

void LiveGeneration::Detach(v1::CancelPolicy leave_with) {
  std::function<void()> on_abandoned;
  {
    const std::lock_guard lock(mutex_);
    if (--attached_ > 0 || leave_with != v1::CANCEL_POLICY_ABORT) return;
    if (on_abandoned_ == nullptr) return SetWish(Wish::kAbort);
    on_abandoned = on_abandoned_;
  }
  on_abandoned();
}

void LiveGeneration::RunElsewhere(std::function<void()> on_abandoned) {
  const std::lock_guard lock(mutex_);
  on_abandoned_ = std::move(on_abandoned);
}

void LiveGeneration::AddWaiter(std::shared_ptr<Wakeup> wakeup, Interest interest) {
  const std::lock_guard lock(mutex_);
  waiters_.push_back({std::move(wakeup), interest});
}

void LiveGeneration::RemoveWaiter(const std::shared_ptr<Wakeup>& wakeup) {
  const std::lock_guard lock(mutex_);
  std::erase_if(waiters_, [&](const Waiter& waiter) { return waiter.wakeup == wakeup; });
}

void LiveGeneration::Cancel(v1::CancelPolicy policy) {
  // In one lock with Publish: what is seen QUEUED here is aborted before anything is sent.
  const std::lock_guard lock(mutex_);
  cancel_marked_ = true;
  const bool queued = snapshot_ != nullptr && snapshot_->generation().state() == v1::GENERATION_STATE_QUEUED;
  if (policy == v1::CANCEL_POLICY_ABORT || queued) SetWish(Wish::kAbort);
}

void LiveGeneration::Suspend() {
  const std::lock_guard lock(mutex_);
  SetWish(Wish::kSuspend);
}

void LiveGeneration::SetWish(Wish wish) {
  if (wish_ == wish || wish_ == Wish::kSuspend) return;
  wish_ = wish;
  asio::post(loop_, [self = shared_from_this()] { self->interruption_.emit(asio::cancellation_type::terminal); });
}

void LiveGeneration::Publish(Snapshot snapshot) {
  const bool ended = HasEnded(*snapshot);
  if (ended && at_end_) std::exchange(at_end_, nullptr)(*snapshot);
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
    waiters = waiters_;
    const bool watched = std::any_of(waiters.begin(), waiters.end(), [](const Waiter& waiter) {
      return waiter.interest == Interest::kEveryChange;
    });
    if (watched) lately_.push_back(snapshot_);
    if (lately_.size() > kLately) lately_.pop_front();
  }
  Wake(waiters, ended);
}

void LiveGeneration::Refuse(absl::Status status) {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    refusal_ = std::move(status);
    waiters = waiters_;
  }
  Wake(waiters, true);
}

void LiveGeneration::Wake(const std::vector<Waiter>& waiters, bool ended) {
  for (const Waiter& waiter : waiters) {
    if (ended || waiter.interest == Interest::kEveryChange) waiter.wakeup->Notify();
  }
}

LiveGeneration::Wish LiveGeneration::wish() const {
  const std::lock_guard lock(mutex_);
  return wish_;
}

bool LiveGeneration::cancel_marked() const {
  const std::lock_guard lock(mutex_);
  return cancel_marked_;
}

}  // namespace easel::generation
