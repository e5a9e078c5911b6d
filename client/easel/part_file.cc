#include "easel/part_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace easel::client {
namespace {

absl::Status FileError(const std::string& what, const std::string& path) {
  const int number = errno;
  const auto code = number == EEXIST ? absl::StatusCode::kAlreadyExists : absl::ErrnoToStatus(number, "").code();
  return ClientError(code, kFile, absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(number)));
}

bool IsRegularOrAbsent(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
}

// A writer that ended between our open and our lock has renamed the file away.
bool IsStill(int descriptor, const std::string& part) {
  struct stat opened = {};
  struct stat named = {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(part.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

PartFile::PartFile(std::string path, int descriptor)
    : path_(std::move(path)), part_(path_ + ".part"), descriptor_(descriptor) {}

PartFile::~PartFile() {
  // Unlinked before the lock goes with the descriptor, so that nobody else's file is hit.
  if (size_ == 0) ::unlink(part_.c_str());
  ::close(descriptor_);
}

absl::StatusOr<std::unique_ptr<PartFile>> PartFile::Open(const std::string& path) {
  if (!IsRegularOrAbsent(path)) {
    return ClientError(absl::StatusCode::kInvalidArgument, kFile, absl::StrCat(path, " is not a regular file"));
  }
  const std::string part = path + ".part";
  const int descriptor = ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0) return FileError("create", part);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 || !IsStill(descriptor, part)) {
    ::close(descriptor);
    return ClientError(absl::StatusCode::kAborted, kFile, absl::StrCat("another download is writing ", part));
  }
  std::unique_ptr<PartFile> file(new PartFile(path, descriptor));
  struct stat info = {};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    file->size_ = 1;
    return ClientError(absl::StatusCode::kInvalidArgument, kFile, absl::StrCat(part, " is not a regular file"));
  }
  file->size_ = info.st_size;
  if (absl::Status status = file->Truncate(file->size_); !status.ok()) return status;
  return file;
}

absl::Status PartFile::Append(std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::pwrite(descriptor_, data.data(), data.size(), size_);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", part_);
    const auto count = static_cast<size_t>(written);
    sha256_.Add(data.substr(0, count));
    size_ += written;
    data.remove_prefix(count);
  }
  return absl::OkStatus();
}

absl::Status PartFile::Truncate(int64_t size) {
  if (::ftruncate(descriptor_, size) != 0) return FileError("truncate", part_);
  sha256_ = Sha256();
  size_ = 0;
  char buffer[1 << 16];
  while (size_ < size) {
    const ssize_t count = ::pread(descriptor_, buffer, sizeof buffer, size_);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return FileError("read", part_);
    sha256_.Add(std::string_view(buffer, static_cast<size_t>(count)));
    size_ += count;
  }
  return absl::OkStatus();
}

bool PartFile::Matches(const ImageDigest& digest) const {
  return size_ == digest.size_bytes && sha256_.Hex() == digest.sha256;
}

absl::Status PartFile::Commit(Overwrite overwrite) {
  if (::fsync(descriptor_) != 0) return FileError("write", part_);
  const unsigned int flags = overwrite == Overwrite::kRefuse ? RENAME_NOREPLACE : 0;
  if (::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), flags) == 0) return absl::OkStatus();
  // A file system that cannot refuse in one step is asked in two.
  if (errno == EINVAL && ::access(path_.c_str(), F_OK) != 0 && ::rename(part_.c_str(), path_.c_str()) == 0) {
    return absl::OkStatus();
  }
  return FileError("write", path_);
}

}  // namespace easel::client
