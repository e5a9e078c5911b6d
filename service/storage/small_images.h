#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "storage/blocking_pool.h"
#include "storage/completion.h"
#include "storage/image_log.h"

namespace easel::storage {

// Keeps images that come as a whole, many of them with one sync of the disk, and removes images. Those that wait are
// worked off together, on one of the pool's threads at a time. What is asked for first is done first.
//
// Thread-safe. The pool must have ended before this object does.
class SmallImages {
 public:
  static constexpr std::size_t kMostBytes = 64 << 10;

  SmallImages(BlockingPool& pool, std::filesystem::path store)
      : pool_(pool), store_(std::move(store)), log_(pool, store_) {}

  // Makes good what a crash took. Blocks; before anything else.
  absl::Status Recover();

  // `digest` is one that IsDigest accepts; up to kMostBytes. OK: it survives a crash of the machine.
  boost::asio::awaitable<absl::Status> Keep(std::string digest, std::string bytes);
  // Of images of any size.
  boost::asio::awaitable<absl::Status> Remove(std::string digest);

 private:
  struct Wish {
    std::string digest;
    std::string bytes;
    bool remove = false;
    Completion<absl::Status> completion;
    absl::Status status;
  };

  boost::asio::awaitable<absl::Status> Enter(std::string digest, std::string bytes, bool remove);
  void WorkOff();
  // Fills in each one's status.
  void Do(std::vector<Wish>& wishes);
  absl::Status Write(std::string_view digest, std::string_view bytes) const;

  BlockingPool& pool_;
  const std::filesystem::path store_;
  ImageLog log_;
  std::mutex mutex_;
  std::vector<Wish> waiting_;
  bool working_ = false;
};

}  // namespace easel::storage
