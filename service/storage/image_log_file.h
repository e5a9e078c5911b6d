#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/posix_file.h"

namespace easel::storage {

// What a log of images says: that bytes are kept under a digest, or that this image was removed.
struct ImageLogEntry {
  std::string_view digest;
  std::string_view bytes;
  bool removed = false;
};

// A file of fixed size that is written from its beginning again and again, lap by lap: what is overwritten in place is on
// the disk with one sync that changes nothing else. Each entry names its lap and has a checksum, so that what an earlier
// lap or a crash left behind is not taken for one. One thread at a time; calls block; errors as PosixError.
class ImageLogFile {
 public:
  static constexpr std::size_t kBytes = 8 << 20;

  // Opens or creates it. Nothing is known of its entries until Read.
  static absl::StatusOr<ImageLogFile> Open(const std::filesystem::path& path);

  // Calls `each` with the entries of the latest lap in their order, until it fails. There is no room behind them.
  absl::Status Read(const std::function<absl::Status(const ImageLogEntry&)>& each);

  // What entries take.
  static std::size_t SizeOf(std::span<const ImageLogEntry> entries);
  bool HasRoom(std::size_t bytes) const { return end_ + bytes <= kBytes; }

  // Writes entries behind the others of this lap. With `sync` they are on the disk on OK.
  absl::Status Append(std::span<const ImageLogEntry> entries, bool sync);

  // Forgets all entries; the next ones belong to `lap`, a number that this file never had.
  absl::Status Begin(std::uint64_t lap);

  // Of the last Begin or Read; 0: there is no entry.
  std::uint64_t lap() const { return lap_; }
  bool IsEmpty() const;
  // The file is still the one at its path: else nobody would find there what is written here.
  bool InPlace() const;
  // Everything that was written to the file's file system is on the disk on OK.
  absl::Status SyncFileSystem() const;

 private:
  explicit ImageLogFile(PosixFile file) : file_(std::move(file)) {}

  PosixFile file_;
  std::uint64_t lap_ = 0;
  std::size_t end_ = 0;
};

}  // namespace easel::storage
