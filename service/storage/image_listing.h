#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace easel::storage {

// A page of the digests that a FileImageStore keeps in `store`, as ImageStore::List gives it. Blocks. What is no image of
// the store's is passed over.
absl::StatusOr<std::vector<std::string>> ListImages(const std::filesystem::path& store, const std::string& after,
                                                    int limit);

}  // namespace easel::storage
