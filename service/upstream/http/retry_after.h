#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace easel::upstream {

// The value of a Retry-After header: seconds, or a date as HTTP writes it (past: zero). At most a day. Nothing where it
// is neither.
std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now);

}  // namespace easel::upstream
