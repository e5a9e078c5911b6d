#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "generation/ports/image_store.h"
#include "storage/s3/s3_bucket.h"

namespace easel::storage {

// Reads an image of S3ImageStore's as it arrives; at most what the HttpStream holds back is in memory. What is read in order
// is one request; after a broken connection, and after a jump, it asks for the rest.
class S3ImageReader : public generation::ImageReader {
 public:
  // `stream` is at the first byte.
  S3ImageReader(S3Bucket& bucket, std::string key, std::int64_t size, std::unique_ptr<upstream::HttpStream> stream)
      : bucket_(bucket), key_(std::move(key)), size_(size), stream_(std::move(stream)) {}

  std::int64_t size() const override { return size_; }
  // INVALID_ARGUMENT: a negative offset.
  boost::asio::awaitable<absl::StatusOr<absl::Cord>> Read(std::int64_t offset, std::size_t max_bytes) override;

 private:
  boost::asio::awaitable<absl::StatusOr<absl::Cord>> ReadNow(std::int64_t offset, std::size_t max_bytes);
  // Until some bytes from `offset` on are in arrived_.
  boost::asio::awaitable<absl::Status> Await(std::int64_t offset);

  S3Bucket& bucket_;
  const std::string key_;
  const std::int64_t size_;
  std::unique_ptr<upstream::HttpStream> stream_;
  std::int64_t position_ = 0;  // of the first byte of arrived_
  std::string arrived_;
};

}  // namespace easel::storage
