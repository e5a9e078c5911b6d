#include "storage/file_image_writer.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "storage/digest.h"
#include "storage/image_paths.h"
#include "storage/posix_error.h"

namespace easel::storage {
namespace {

constexpr std::size_t kBufferBytes = 128 << 10;

}  // namespace

FileImageWriter::FileImageWriter(BlockingPool& pool, std::filesystem::path store, PosixFile file)
    : pool_(pool), store_(std::move(store)), file_(std::move(file)) {}

FileImageWriter::~FileImageWriter() {
  if (!kept_) ::unlink(file_.path().c_str());
}

boost::asio::awaitable<absl::Status> FileImageWriter::Append(std::string_view chunk) {
  if (!status_.ok()) return Ready(status_);
  if (buffer_.size() + chunk.size() < kBufferBytes) {
    buffer_.append(chunk);
    return Ready(absl::OkStatus());
  }
  return pool_.Run([this, chunk] {
    if (absl::Status flushed = Flush(); !flushed.ok()) return flushed;
    return status_ = file_.Write(chunk);
  });
}

boost::asio::awaitable<absl::Status> FileImageWriter::Keep(std::string_view digest) {
  if (!IsDigest(digest)) return Ready(NotADigest());
  return pool_.Run([this, path = ImagePath(store_, digest)] {
    absl::Status kept = Flush();
    return kept.ok() ? KeepAt(path) : kept;
  });
}

absl::Status FileImageWriter::Flush() {
  if (status_.ok()) status_ = file_.Write(std::exchange(buffer_, {}));
  return status_;
}

absl::Status FileImageWriter::KeepAt(const std::filesystem::path& path) {
  status_ = file_.Sync();
  if (status_.ok()) status_ = MakeDirectories(path.parent_path());
  if (!status_.ok()) return status_;
  if (::rename(file_.path().c_str(), path.c_str()) != 0) return status_ = PosixError(errno, "rename to", path);
  kept_ = true;
  file_.Close();
  return status_ = SyncDirectory(path.parent_path());
}

}  // namespace easel::storage
