#include "storage/memory_image_store.h"

#include <utility>

#include "storage/completion.h"
#include "storage/digest.h"

namespace easel::storage {
namespace {

using generation::ImageReader;
using generation::ImageWriter;

class MemoryImageWriter : public ImageWriter {
 public:
  explicit MemoryImageWriter(std::shared_ptr<MemoryImageStore::Images> images) : images_(std::move(images)) {}

  boost::asio::awaitable<absl::Status> Append(std::string_view chunk) override {
    bytes_.append(chunk);
    return Ready(absl::OkStatus());
  }

  boost::asio::awaitable<absl::Status> Keep(std::string_view digest) override {
    if (!IsDigest(digest)) return Ready(NotADigest());
    auto bytes = std::make_shared<const std::string>(std::move(bytes_));
    const std::lock_guard lock(images_->mutex);
    images_->by_digest.insert_or_assign(std::string(digest), std::move(bytes));
    return Ready(absl::OkStatus());
  }

 private:
  const std::shared_ptr<MemoryImageStore::Images> images_;
  std::string bytes_;
};

class MemoryImageReader : public ImageReader {
 public:
  explicit MemoryImageReader(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_->size()); }

  boost::asio::awaitable<absl::StatusOr<absl::Cord>> Read(std::int64_t offset, std::size_t max_bytes) override {
    using Result = absl::StatusOr<absl::Cord>;
    if (offset < 0) return Ready<Result>(absl::InvalidArgumentError("an offset is negative"));
    if (offset >= size()) return Ready<Result>(absl::Cord());
    const std::string_view piece = std::string_view(*bytes_).substr(static_cast<std::size_t>(offset), max_bytes);
    return Ready<Result>(absl::MakeCordFromExternal({piece.data(), piece.size()}, [owner = bytes_] {}));
  }

 private:
  const std::shared_ptr<const std::string> bytes_;
};

}  // namespace

MemoryImageStore::MemoryImageStore() : images_(std::make_shared<Images>()) {}

boost::asio::awaitable<absl::StatusOr<std::unique_ptr<ImageWriter>>> MemoryImageStore::Create() {
  return Ready<absl::StatusOr<std::unique_ptr<ImageWriter>>>(std::make_unique<MemoryImageWriter>(images_));
}

boost::asio::awaitable<absl::StatusOr<std::unique_ptr<ImageReader>>> MemoryImageStore::Open(std::string_view digest) {
  using Result = absl::StatusOr<std::unique_ptr<ImageReader>>;
  const std::lock_guard lock(images_->mutex);
  const auto found = images_->by_digest.find(digest);
  if (found == images_->by_digest.end()) return Ready<Result>(NoSuchImage(digest));
  return Ready<Result>(std::make_unique<MemoryImageReader>(found->second));
}

boost::asio::awaitable<absl::Status> MemoryImageStore::Remove(std::string_view digest) {
  const std::lock_guard lock(images_->mutex);
  if (const auto found = images_->by_digest.find(digest); found != images_->by_digest.end()) {
    images_->by_digest.erase(found);
  }
  return Ready(absl::OkStatus());
}

boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> MemoryImageStore::List(std::string_view after,
                                                                                        int limit) {
  const std::lock_guard lock(images_->mutex);
  std::vector<std::string> digests;
  for (auto it = images_->by_digest.upper_bound(after); it != images_->by_digest.end(); ++it) {
    if (static_cast<int>(digests.size()) >= limit) break;
    digests.push_back(it->first);
  }
  return Ready<absl::StatusOr<std::vector<std::string>>>(std::move(digests));
}

boost::asio::awaitable<absl::Status> MemoryImageStore::Check() { return Ready(absl::OkStatus()); }

}  // namespace easel::storage
