#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "generation/ports/image_store.h"

namespace easel::storage {

// Images in memory: for tests, and for a service whose images nobody reads later (EASEL_IMAGES=memory). Durable as long
// as the process. Writers and readers share the bytes with the store and may outlive it.
class MemoryImageStore : public generation::ImageStore {
 public:
  MemoryImageStore();

  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageWriter>>> Create() override;
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> Open(
      std::string_view digest) override;
  boost::asio::awaitable<absl::Status> Remove(std::string_view digest) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> List(std::string_view after, int limit) override;
  boost::asio::awaitable<absl::Status> Check() override;

  struct Images {
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<const std::string>, std::less<>> by_digest;
  };

 private:
  const std::shared_ptr<Images> images_;
};

}  // namespace easel::storage
