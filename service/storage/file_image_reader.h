#pragma once

#include <cstdint>

#include "generation/ports/image_store.h"
#include "storage/blocking_pool.h"
#include "storage/posix_file.h"

namespace easel::storage {

// Reads an image of FileImageStore's; holds the file open.
class FileImageReader : public generation::ImageReader {
 public:
  FileImageReader(BlockingPool& pool, PosixFile file, std::int64_t size)
      : pool_(pool), file_(std::move(file)), size_(size) {}

  std::int64_t size() const override { return size_; }
  // INVALID_ARGUMENT: a negative offset.
  boost::asio::awaitable<absl::StatusOr<absl::Cord>> Read(std::int64_t offset, std::size_t max_bytes) override;

 private:
  BlockingPool& pool_;
  PosixFile file_;
  const std::int64_t size_;
};

}  // namespace easel::storage
