#include "storage/file_image_writer.h"

#include <unistd.h>

#include <utility>

#include "storage/digest.h"
#include "storage/image_files.h"

namespace easel::storage {
namespace {

constexpr std::size_t kBufferBytes = 128 << 10;

}  // namespace

FileImageWriter::~FileImageWriter() {
  if (file_) ::unlink(file_->path().c_str());
}

boost::asio::awaitable<absl::Status> FileImageWriter::Append(std::string_view chunk) {
  if (!status_.ok()) return Ready(status_);
  if (buffer_.size() + chunk.size() < kBufferBytes) {
    buffer_.append(chunk);
    return Ready(absl::OkStatus());
  }
  return pool_.Run([this, chunk] { return status_ = Write(chunk); });
}

boost::asio::awaitable<absl::Status> FileImageWriter::Keep(std::string_view digest) {
  if (!IsDigest(digest)) return Ready(NotADigest());
  if (!status_.ok()) return Ready(status_);
  if (!file_ && buffer_.size() <= SmallImages::kMostBytes) return small_.Keep(std::string(digest), std::move(buffer_));
  return pool_.Run([this, path = ImagePath(store_, digest)] { return status_ = KeepAt(path); });
}

absl::Status FileImageWriter::Write(std::string_view chunk) {
  if (!file_) {
    absl::StatusOr<PosixFile> file = NewImageFile(store_);
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
  }
  absl::Status written = file_->Write(std::exchange(buffer_, {}));
  return written.ok() ? file_->Write(chunk) : written;
}

absl::Status FileImageWriter::KeepAt(const std::filesystem::path& path) {
  absl::Status kept = Write("");
  if (kept.ok()) kept = file_->Sync();
  if (kept.ok()) kept = MoveInPlace(*file_, path);
  if (!kept.ok()) return kept;
  file_.reset();
  return SyncDirectory(path.parent_path());
}

}  // namespace easel::storage
