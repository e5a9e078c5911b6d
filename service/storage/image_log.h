#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/blocking_pool.h"
#include "storage/image_log_file.h"

namespace easel::storage {

// Small images a second time, so that one sync makes many of them last: each has a file of its own, whose way to the disk
// is left to the system. What a crash of the machine takes from those files the next start finds here.
//
// There are two files, STORE/log-0 and STORE/log-1, written in turn. Once one is full the file system is synced in the
// background; from then on the images' own files last, and the log may be written over.
//
// One thread at a time, but for Holds.
class ImageLog {
 public:
  // Syncs in the background run on `pool`, which must have ended before this object does.
  ImageLog(BlockingPool& pool, std::filesystem::path store) : pool_(pool), store_(std::move(store)) {}

  // Gives all that the last process left in the log, in its order: what the images' own files may lack. Blocks. Before
  // anything else.
  absl::Status Replay(const std::function<absl::Status(const ImageLogEntry&)>& restore);

  // OK: the images survive a crash of the machine. Their files must have been written before. Removals may be forgotten
  // by such a crash. An error says nothing of the entries: each image's own file has to be synced.
  absl::Status Append(std::span<const ImageLogEntry> entries);

  // Whether a Replay would give this image. Thread-safe.
  bool Holds(const std::string& digest) const;

 private:
  enum class Use { kFree, kWritten, kFull, kSettling };
  struct Part {
    std::shared_ptr<ImageLogFile> file;
    Use use = Use::kFree;
    std::unordered_set<std::string> digests;
  };

  std::filesystem::path PathOf(int part) const { return store_ / ("log-" + std::to_string(part)); }
  absl::Status OpenParts();
  absl::Status AppendTo(Part& part, std::span<const ImageLogEntry> entries);
  // The part to append to, where there is room.
  absl::StatusOr<Part*> PartFor(std::size_t bytes);
  absl::Status Begin(Part& part);
  // In the background. With the mutex held.
  void Settle(Part& part);

  BlockingPool& pool_;
  const std::filesystem::path store_;
  mutable std::mutex mutex_;  // what `parts_` hold, but for the file that is written
  std::array<Part, 2> parts_;
  std::size_t writing_ = 0;
  std::uint64_t lap_ = 0;
};

}  // namespace easel::storage
