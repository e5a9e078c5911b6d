#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "storage/blocking_pool.h"
#include "storage/completion.h"
#include "storage/posix_file.h"

namespace easel::storage {

// Keeps images that come as a whole. Those that wait are written together: the disk works on all of them at once, and
// their directories are synced once. Thread-safe. The pool must have ended before this object does.
class SmallImages {
 public:
  static constexpr std::size_t kMostBytes = 64 << 10;

  SmallImages(BlockingPool& pool, std::filesystem::path store) : pool_(pool), store_(std::move(store)) {}

  // As ImageWriter::Keep; `digest` is one that IsDigest accepts, and `bytes` are up to kMostBytes.
  boost::asio::awaitable<absl::Status> Keep(std::string digest, std::string bytes);

 private:
  struct Wish {
    std::string digest;
    std::string bytes;
    Completion<absl::Status> completion;
    std::optional<PosixFile> file;
    absl::Status status;
  };

  void WorkOff();
  std::vector<Wish> Take();
  // Fills in each one's status. Step by step for all of them: no step but the last waits for the disk before the next
  // file is on its way there.
  void KeepAll(std::vector<Wish>& wishes) const;
  absl::Status Write(Wish& wish) const;

  BlockingPool& pool_;
  const std::filesystem::path store_;
  std::mutex mutex_;
  std::vector<Wish> waiting_;
  int workers_ = 0;
};

}  // namespace easel::storage
