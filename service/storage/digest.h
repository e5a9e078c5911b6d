#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace easel::storage {

// Whether this is a sha256 as ImageStores take it: 64 lower-case hexadecimal digits. Anything else never becomes a path.
bool IsDigest(std::string_view text);

// INVALID_ARGUMENT.
absl::Status NotADigest();

// NOT_FOUND, naming it.
absl::Status NoSuchImage(std::string_view digest);

}  // namespace easel::storage
