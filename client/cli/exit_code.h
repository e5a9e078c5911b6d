#pragma once

#include "absl/status/status.h"

namespace easel::cli {

// What the process tells its caller.
enum ExitCode {
  kDone = 0,
  kOther = 1,
  // Usage, or input that the service does not take.
  kBadInput = 2,
  kContentBlocked = 3,
  kTryAgainLater = 4,
  // Quota, balance or plan at the upstream.
  kQuota = 5,
  // It may have been paid; repeating it may pay again.
  kOutcomeUnknown = 6,
  kNotFound = 7,
};

// By the service's reason, else by the status code. OK is kDone.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace easel::cli
