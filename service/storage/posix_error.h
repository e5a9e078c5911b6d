#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace easel::storage {

// Whether an errno says that there is no room: no space, a quota, a limit on file sizes.
bool IsDiskFull(int error);

// "cannot DOING PATH: REASON": RESOURCE_EXHAUSTED where there is no room, else UNAVAILABLE.
absl::Status PosixError(int error, std::string_view doing, const std::string& path);

}  // namespace easel::storage
