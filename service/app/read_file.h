#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace easel::app {

// The whole content of a small file (at most 1 MiB: configuration, key, certificate). Errors carry the system's words
// alone, such as "No such file or directory"; the caller says which file it was.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace easel::app
