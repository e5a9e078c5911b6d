#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace easel::app {

// Writes a whole file by renaming a finished one over it: a reader sees the old content or the new. `mode` as chmod takes it.
absl::Status WriteWhole(const std::string& path, const std::string& content, unsigned mode);

// `bytes` random bytes that stay the same for as long as the file lives: made at the first call. Mode 0600.
absl::StatusOr<std::string> LoadOrMakeSecret(const std::string& path, std::size_t bytes);

}  // namespace easel::app
