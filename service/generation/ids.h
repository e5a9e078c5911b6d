#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace easel::generation {

// 26 characters of lower-case base 32: milliseconds since 1970, microseconds of that, then 70 random bits. Ids sort
// by time.
std::string NewId(absl::Time now, const std::function<std::uint64_t()>& random);

// "generations/{id}" with a new id.
std::string NewName(absl::Time now, const std::function<std::uint64_t()>& random);

// Whether `name` is spelled "generations/{id}".
bool IsName(std::string_view name);

}  // namespace easel::generation
