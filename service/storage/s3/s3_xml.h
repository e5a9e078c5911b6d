#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace easel::storage {

// The text at a path such as "Error.Code"; empty where there is none, or where this is no XML.
std::string XmlText(std::string_view xml, const std::string& path);

// The keys in an answer to ListObjectsV2. UNAVAILABLE if it is none.
absl::StatusOr<std::vector<std::string>> ListedKeys(std::string_view xml);

}  // namespace easel::storage
