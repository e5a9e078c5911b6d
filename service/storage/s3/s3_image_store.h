#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "generation/ports/image_store.h"
#include "storage/s3/s3_bucket.h"

namespace easel::storage {

// Images as objects of a bucket, PREFIX/ab/abcd...: the digest, behind its first two digits. Any number of processes may
// share it.
//
// An image is held in memory until it is kept, since its name is only known then; it is sent in one request, which S3 takes
// up to 5 GiB, and S3 checks it against its sha256. Readers stream.
class S3ImageStore : public generation::ImageStore {
 public:
  // `bucket` outlives the store, its writers and readers.
  explicit S3ImageStore(S3Bucket& bucket) : bucket_(bucket) {}

  static std::string KeyOf(std::string_view digest);

  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageWriter>>> Create() override;
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> Open(std::string_view digest) override;
  boost::asio::awaitable<absl::Status> Remove(std::string_view digest) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> List(std::string_view after, int limit) override;
  // Writes an empty object, PREFIX/.check.
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> OpenNow(std::string digest);
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> ListNow(std::string after, int limit);

  S3Bucket& bucket_;
};

}  // namespace easel::storage
