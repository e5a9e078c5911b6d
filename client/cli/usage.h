#pragma once

#include <string>

#include "absl/status/status.h"

namespace easel::cli {

// A command line that cannot be used: INVALID_ARGUMENT, with the flag (or "PROMPT", "COMMAND") as the field of a
// BadRequest.
absl::Status UsageError(const std::string& flag, const std::string& message);

}  // namespace easel::cli
