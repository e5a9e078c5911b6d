#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "generation/ports/image_store.h"
#include "storage/blocking_pool.h"
#include "storage/posix_file.h"

namespace easel::storage {

// Writes an image for FileImageStore, in pieces of 128 KiB. After an error only the destructor is of use, which removes
// the temporary file (one quick call of the system, on the calling thread).
class FileImageWriter : public generation::ImageWriter {
 public:
  // `store` is the store's directory, `file` a temporary file in it.
  FileImageWriter(BlockingPool& pool, std::filesystem::path store, PosixFile file);
  ~FileImageWriter() override;

  boost::asio::awaitable<absl::Status> Append(std::string_view chunk) override;
  boost::asio::awaitable<absl::Status> Keep(std::string_view digest) override;

 private:
  absl::Status Flush();
  absl::Status KeepAt(const std::filesystem::path& path);

  BlockingPool& pool_;
  const std::filesystem::path store_;
  PosixFile file_;
  std::string buffer_;
  absl::Status status_;
  bool kept_ = false;
};

}  // namespace easel::storage
