#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"
#include "easel/v1/model.pb.h"

namespace easel::cli {

// The values of options. An error is a UsageError that names the option, the value and what would do.

// "1280x1280"; whether the model makes it is the service's to say.
absl::StatusOr<v1::Size> ParseSize(const std::string& text);
// "hd", "standard".
absl::StatusOr<v1::Quality> ParseQuality(const std::string& text);
// "finish", "abort".
absl::StatusOr<v1::CancelPolicy> ParseCancelPolicy(const std::string& text);
// "queued" to "cancelled".
absl::StatusOr<v1::GenerationState> ParseState(const std::string& text);
// "90s", "5m", "1h30m"; positive.
absl::StatusOr<absl::Duration> ParseTimeout(const std::string& text);
// "true", "false".
absl::StatusOr<bool> ParseSwitch(const std::string& flag, const std::string& text);
// 1 to 100000.
absl::StatusOr<int> ParseLimit(const std::string& text);
// "generations/{id}" from itself or from the id alone.
absl::StatusOr<std::string> ParseName(const std::string& text);

}  // namespace easel::cli
