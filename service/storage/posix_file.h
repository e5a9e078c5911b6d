#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"

namespace easel::storage {

// An open file. Calls block. Errors as PosixError. Used by one thread at a time.
class PosixFile {
 public:
  // `flags` as open(2), O_CLOEXEC added; a file that is created is for its owner alone. NOT_FOUND where there is none.
  static absl::StatusOr<PosixFile> Open(std::filesystem::path path, int flags);
  // A new file in `directory`, under a name of its own.
  static absl::StatusOr<PosixFile> CreateTemporary(const std::filesystem::path& directory);

  PosixFile(PosixFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  PosixFile& operator=(PosixFile&& other) noexcept;
  ~PosixFile() { Close(); }

  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  absl::Status Write(std::string_view bytes);
  // Up to `max_bytes`; fewer only at the end of the file.
  absl::StatusOr<absl::Cord> ReadAt(std::int64_t offset, std::size_t max_bytes) const;
  // All of the bytes if that takes no waiting for the disk.
  std::optional<absl::Cord> ReadCached(std::int64_t offset, std::size_t bytes) const;
  absl::StatusOr<std::int64_t> Size() const;
  // Returns when the bytes are on the disk.
  absl::Status Sync();
  void Close();

 private:
  PosixFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_ = -1;
  std::filesystem::path path_;
};

// Makes what was created, renamed or removed in `directory` last. Empty: the working directory.
absl::Status SyncDirectory(const std::filesystem::path& directory);

// Creates `directory`, and those above it, for their owner alone; OK if it exists. What was created lasts.
absl::Status MakeDirectories(const std::filesystem::path& directory);

}  // namespace easel::storage
