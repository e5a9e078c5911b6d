#pragma once

#include <filesystem>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/posix_file.h"

namespace easel::storage {

// The files of a FileImageStore. Calls block; errors as PosixError.

// Where what is being written lies.
inline std::filesystem::path TemporaryDirectory(const std::filesystem::path& store) { return store / "tmp"; }

// Where a digest is kept (one that IsDigest accepts).
inline std::filesystem::path ImagePath(const std::filesystem::path& store, std::string_view digest) {
  return store / digest.substr(0, 2) / digest;
}

// An empty file in the temporary directory.
absl::StatusOr<PosixFile> NewImageFile(const std::filesystem::path& store);

// Moves a file from there to its place and closes it. That it is there lasts when the place's directory is synced.
absl::Status MoveInPlace(PosixFile& file, const std::filesystem::path& path);

// OK if there is none.
absl::Status RemoveFile(const std::filesystem::path& path);

}  // namespace easel::storage
