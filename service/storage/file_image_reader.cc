#include "storage/file_image_reader.h"

#include <algorithm>
#include <string>

namespace easel::storage {

boost::asio::awaitable<absl::StatusOr<std::string>> FileImageReader::Read(std::int64_t offset, std::size_t max_bytes) {
  if (offset < 0) return Ready<absl::StatusOr<std::string>>(absl::InvalidArgumentError("an offset is negative"));
  if (offset >= size_) return Ready<absl::StatusOr<std::string>>(std::string());
  const std::size_t count = std::min(max_bytes, static_cast<std::size_t>(size_ - offset));
  return pool_.Run([this, offset, count] { return file_.ReadAt(offset, count); });
}

}  // namespace easel::storage
