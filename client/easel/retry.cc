#include "easel/retry.h"

#include <algorithm>
#include <cmath>

namespace easel::client {

bool IsSafeToRepeat(const Error& error) {
  if (error.code() == absl::StatusCode::kUnavailable) return true;
  return error.code() == absl::StatusCode::kResourceExhausted && error.retry_delay().has_value();
}

Retry::Retry(const RetryOptions& retry, const CallOptions& call, Waiter& waiter)
    : retry_(retry), call_(call), waiter_(waiter), deadline_(waiter.Now() + call.timeout) {}

bool Retry::WaitAfter(const absl::Status& status, bool accepted) {
  const Error error(status);
  const int most = accepted ? retry_.max_attempts_accepted : retry_.max_attempts;
  if (!IsSafeToRepeat(error) || ++attempts_ >= most) return false;
  if (call_.cancellation != nullptr && call_.cancellation->cancelled()) return false;
  const absl::Duration delay = NextDelay(error);
  if (waiter_.Now() + delay >= deadline_) return false;
  if (call_.on_retry) call_.on_retry(status, delay);
  return waiter_.Wait(delay, call_.cancellation);
}

absl::Duration Retry::NextDelay(const Error& error) {
  const absl::Duration full = std::min(retry_.max_delay, retry_.first_delay * std::exp2(attempts_ - 1));
  const absl::Duration delay = full * absl::Uniform(random_, 0.5, 1.0);
  // Callers who were all told the same delay must not come back all at once.
  if (error.retry_delay()) return std::max(delay, *error.retry_delay() * absl::Uniform(random_, 1.0, 1.1));
  return delay;
}

}  // namespace easel::client
