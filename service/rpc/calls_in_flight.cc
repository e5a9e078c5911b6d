#include "rpc/calls_in_flight.h"

#include <utility>

#include "absl/time/clock.h"

namespace easel::rpc {

void CallsInFlight::Add(std::shared_ptr<Interruption> call) {
  const std::lock_guard lock(mutex_);
  last_arrival_ = absl::Now();
  if (shut_down_) call->Interrupt(Interruption::Cause::kShutdown);
  calls_.insert(std::move(call));
}

void CallsInFlight::Remove(const std::shared_ptr<Interruption>& call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(call);
  if (calls_.empty()) left_.notify_all();
}

void CallsInFlight::ShutDown() {
  const std::lock_guard lock(mutex_);
  shut_down_ = true;
  for (const auto& call : calls_) call->Interrupt(Interruption::Cause::kShutdown);
}

std::size_t CallsInFlight::count() const {
  const std::lock_guard lock(mutex_);
  return calls_.size();
}

absl::Time CallsInFlight::last_arrival() const {
  const std::lock_guard lock(mutex_);
  return last_arrival_;
}

void CallsInFlight::AwaitNone(absl::Time deadline) const {
  std::unique_lock lock(mutex_);
  left_.wait_until(lock, absl::ToChronoTime(deadline), [this] { return calls_.empty(); });
}

}  // namespace easel::rpc
