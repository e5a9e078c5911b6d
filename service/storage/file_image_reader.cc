#include "storage/file_image_reader.h"

#include <algorithm>
#include <string>

namespace easel::storage {

boost::asio::awaitable<absl::StatusOr<absl::Cord>> FileImageReader::Read(std::int64_t offset, std::size_t max_bytes) {
  using Result = absl::StatusOr<absl::Cord>;
  if (offset < 0) return Ready<Result>(absl::InvalidArgumentError("an offset is negative"));
  if (offset >= size_) return Ready<Result>(absl::Cord());
  const std::size_t count = std::min(max_bytes, static_cast<std::size_t>(size_ - offset));
  // What is in memory needs no other thread.
  if (auto cached = file_.ReadCached(offset, count)) return Ready<Result>(*std::move(cached));
  return pool_.Run([this, offset, count] { return file_.ReadAt(offset, count); });
}

}  // namespace easel::storage
