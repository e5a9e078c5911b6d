#include "storage/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "storage/posix_error.h"

namespace easel::storage {
namespace {

absl::Cord CordOf(std::unique_ptr<char[]> memory, std::size_t size) {
  const absl::string_view bytes(memory.get(), size);
  return absl::MakeCordFromExternal(bytes, [owner = std::shared_ptr<char[]>(std::move(memory))] {});
}

}  // namespace

absl::StatusOr<PosixFile> PosixFile::Open(std::filesystem::path path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor >= 0) return PosixFile(descriptor, std::move(path));
  const int error = errno;
  if (error == ENOENT) return absl::NotFoundError(absl::StrCat("there is no file ", path.string()));
  return PosixError(error, "open", path);
}

absl::StatusOr<PosixFile> PosixFile::CreateTemporary(const std::filesystem::path& directory) {
  std::string name = directory / "XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return PosixError(errno, "create a file in", directory);
  return PosixFile(descriptor, std::move(name));
}

PosixFile& PosixFile::operator=(PosixFile&& other) noexcept {
  if (this == &other) return *this;
  Close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  path_ = std::move(other.path_);
  return *this;
}

void PosixFile::Close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

absl::Status PosixFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return PosixError(errno, "write", path_);
    }
  }
  return absl::OkStatus();
}

std::optional<absl::Cord> PosixFile::ReadCached(std::int64_t offset, std::size_t bytes) const {
  auto memory = std::make_unique_for_overwrite<char[]>(bytes);
  iovec into{memory.get(), bytes};
  const ssize_t got = ::preadv2(descriptor_, &into, 1, offset, RWF_NOWAIT);
  if (got < 0 || static_cast<std::size_t>(got) != bytes) return std::nullopt;
  return CordOf(std::move(memory), bytes);
}

absl::StatusOr<absl::Cord> PosixFile::ReadAt(std::int64_t offset, std::size_t max_bytes) const {
  auto bytes = std::make_unique_for_overwrite<char[]>(max_bytes);
  std::size_t size = 0;
  while (size < max_bytes) {
    const ssize_t got =
        ::pread(descriptor_, bytes.get() + size, max_bytes - size, offset + static_cast<std::int64_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return PosixError(errno, "read", path_);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return CordOf(std::move(bytes), size);
}

absl::StatusOr<std::int64_t> PosixFile::Size() const {
  struct stat about {};
  if (::fstat(descriptor_, &about) != 0) return PosixError(errno, "look at", path_);
  return std::int64_t{about.st_size};
}

absl::Status PosixFile::Sync() {
  if (::fsync(descriptor_) != 0) return PosixError(errno, "sync", path_);
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::filesystem::path& directory) {
  absl::StatusOr<PosixFile> opened = PosixFile::Open(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY);
  return opened.ok() ? opened->Sync() : opened.status();
}

absl::Status MakeDirectories(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (directory.empty() || std::filesystem::is_directory(directory, ignored)) return absl::OkStatus();
  if (absl::Status above = MakeDirectories(directory.parent_path()); !above.ok()) return above;
  if (::mkdir(directory.c_str(), S_IRWXU) != 0) {
    const int error = errno;
    if (error == EEXIST && std::filesystem::is_directory(directory, ignored)) return absl::OkStatus();
    return PosixError(error == EEXIST ? ENOTDIR : error, "create the directory", directory);
  }
  return SyncDirectory(directory.parent_path());
}

}  // namespace easel::storage
