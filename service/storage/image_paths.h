#pragma once

#include <filesystem>
#include <string_view>

namespace easel::storage {

// Where a FileImageStore's writers write.
inline std::filesystem::path TemporaryDirectory(const std::filesystem::path& store) { return store / "tmp"; }

// Where a FileImageStore keeps a digest (one that IsDigest accepts).
inline std::filesystem::path ImagePath(const std::filesystem::path& store, std::string_view digest) {
  return store / digest.substr(0, 2) / digest;
}

}  // namespace easel::storage
