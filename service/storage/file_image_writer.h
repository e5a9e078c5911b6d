#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "generation/ports/image_store.h"
#include "storage/blocking_pool.h"
#include "storage/posix_file.h"
#include "storage/small_images.h"

namespace easel::storage {

// Writes an image for FileImageStore: a small one as a whole when it is kept, any other in pieces of 128 KiB to a temporary
// file. After an error only the destructor is of use, which removes that file (one quick call of the system, on the
// calling thread).
class FileImageWriter : public generation::ImageWriter {
 public:
  // `store` is the store's directory.
  FileImageWriter(BlockingPool& pool, SmallImages& small, std::filesystem::path store)
      : pool_(pool), small_(small), store_(std::move(store)) {}
  ~FileImageWriter() override;

  boost::asio::awaitable<absl::Status> Append(std::string_view chunk) override;
  boost::asio::awaitable<absl::Status> Keep(std::string_view digest) override;

 private:
  // Writes what is buffered, then `chunk`.
  absl::Status Write(std::string_view chunk);
  absl::Status KeepAt(const std::filesystem::path& path);

  BlockingPool& pool_;
  SmallImages& small_;
  const std::filesystem::path store_;
  std::optional<PosixFile> file_;
  std::string buffer_;
  absl::Status status_;
};

}  // namespace easel::storage
