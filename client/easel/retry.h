#pragma once

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "easel/error.h"
#include "easel/options.h"
#include "easel/waiter.h"

namespace easel::client {

// Whether repeating a call that carries a request_id, or that only reads, is free and may help: UNAVAILABLE and broken
// connections always, RESOURCE_EXHAUSTED only with a RetryInfo. Everything else ends the call: above all an unknown
// outcome, a blocked prompt and a used-up quota.
bool IsSafeToRepeat(const Error& error);

// The repetitions of one call: counts them, waits between them, ends them at the call's deadline. Belongs to one
// thread.
class Retry {
 public:
  // All three must outlive it.
  Retry(const RetryOptions& retry, const CallOptions& call, Waiter& waiter);

  // When the whole call ends, by the waiter's clock.
  absl::Time deadline() const { return deadline_; }

  // Waits and returns true if the call may be repeated after `error`; false: `error` is the call's result. False at
  // once where the wait would go past the deadline. `accepted`: a generation is at work, and only the way to it broke.
  bool WaitAfter(const absl::Status& error, bool accepted = false);

  // The last attempt brought something new: attempts and delays start anew.
  void MadeProgress() { attempts_ = 0; }

 private:
  absl::Duration NextDelay(const Error& error);

  const RetryOptions& retry_;
  const CallOptions& call_;
  Waiter& waiter_;
  const absl::Time deadline_;
  int attempts_ = 0;
  absl::BitGen random_;
};

}  // namespace easel::client
