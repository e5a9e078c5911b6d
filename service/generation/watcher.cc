#include "generation/watcher.h"

#include <utility>

#include <boost/asio/this_coro.hpp>

#include "generation/live_generation.h"
#include "generation/wakeup.h"

namespace easel::generation {

namespace asio = boost::asio;

bool HasEnded(v1::GenerationState state) {
  return state == v1::GENERATION_STATE_SUCCEEDED || state == v1::GENERATION_STATE_FAILED ||
         state == v1::GENERATION_STATE_CANCELLED;
}

Watcher::Watcher(Snapshot last) : last_(std::move(last)) {}

Watcher::Watcher(std::shared_ptr<LiveGeneration> live) : live_(std::move(live)) { live_->Attach(); }

Watcher::Watcher(Watcher&&) noexcept = default;

Watcher& Watcher::operator=(Watcher&& other) noexcept {
  std::swap(live_, other.live_);
  std::swap(last_, other.last_);
  std::swap(wakeup_, other.wakeup_);
  return *this;
}

Watcher::~Watcher() { Leave(v1::CANCEL_POLICY_FINISH_AND_KEEP); }

Snapshot Watcher::current() const { return live_ == nullptr ? last_ : live_->snapshot(); }

asio::awaitable<Snapshot> Watcher::Next(std::int64_t revision, absl::Duration patience) {
  if (live_ == nullptr && HasEnded(*last_)) co_return last_;
  if (wakeup_ == nullptr) {
    wakeup_ = std::make_shared<Wakeup>(co_await asio::this_coro::executor);
    if (live_ != nullptr) live_->AddWaiter(wakeup_);
  }
  if (live_ == nullptr) {
    co_await wakeup_->Wait(patience);
    co_return last_;
  }
  Snapshot now = live_->After(revision);
  if (now->generation().revision() <= revision && !HasEnded(*now)) {
    co_await wakeup_->Wait(patience);
    now = live_->After(revision);
  }
  co_return now;
}

asio::awaitable<Snapshot> Watcher::End(absl::Duration patience) {
  if (live_ == nullptr) co_return co_await Next(0, patience);
  if (wakeup_ == nullptr) {
    wakeup_ = std::make_shared<Wakeup>(co_await asio::this_coro::executor);
    live_->AddWaiter(wakeup_, LiveGeneration::Interest::kEnd);
  }
  Snapshot now = live_->snapshot();
  if (!HasEnded(*now)) {
    co_await wakeup_->Wait(patience);
    now = live_->snapshot();
  }
  co_return now;
}

void Watcher::Leave(v1::CancelPolicy policy) {
  if (live_ == nullptr) return;
  last_ = live_->snapshot();
  if (wakeup_ != nullptr) live_->RemoveWaiter(wakeup_);
  live_->Detach(policy);
  live_ = nullptr;
}

}  // namespace easel::generation
