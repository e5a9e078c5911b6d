#include "storage/file_image_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "storage/digest.h"
#include "storage/file_image_reader.h"
#include "storage/file_image_writer.h"
#include "storage/image_listing.h"
#include "storage/image_paths.h"
#include "storage/posix_error.h"
#include "storage/posix_file.h"

namespace easel::storage {
namespace {

using generation::ImageReader;
using generation::ImageWriter;

// One block of a file system: creating an empty file says nothing about room.
constexpr std::size_t kProbeBytes = 4096;

absl::Status RemoveFile(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return PosixError(errno, "remove", path);
}

// No download takes as long between two pieces.
constexpr auto kAbandoned = std::chrono::hours(1);

absl::Status RemoveLeftovers(const std::filesystem::path& directory, DataDirectory::Use use) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (use == DataDirectory::Use::kShared) {
      std::error_code gone;
      const auto written = entry.last_write_time(gone);
      if (gone || std::filesystem::file_time_type::clock::now() - written < kAbandoned) continue;
    }
    if (absl::Status removed = RemoveFile(entry.path()); !removed.ok()) return removed;
  }
  return error ? PosixError(error.value(), "list", directory) : absl::OkStatus();
}

// A file for an image that comes. Whoever makes a lost directory anew does not think of the one inside.
absl::StatusOr<PosixFile> NewFile(const std::filesystem::path& store) {
  const std::filesystem::path directory = TemporaryDirectory(store);
  absl::StatusOr<PosixFile> file = PosixFile::CreateTemporary(directory);
  if (file.ok() || ::mkdir(directory.c_str(), S_IRWXU) != 0) return file;
  return PosixFile::CreateTemporary(directory);
}

absl::Status Probe(const std::filesystem::path& store) {
  absl::StatusOr<PosixFile> file = NewFile(store);
  if (!file.ok()) return file.status();
  absl::Status written = file->Write(std::string(kProbeBytes, '\0'));
  absl::Status removed = RemoveFile(file->path());
  return written.ok() ? removed : written;
}

absl::StatusOr<std::unique_ptr<ImageReader>> OpenReader(BlockingPool& pool, const std::filesystem::path& path,
                                                        std::string_view digest) {
  absl::StatusOr<PosixFile> file = PosixFile::Open(path, O_RDONLY);
  if (absl::IsNotFound(file.status())) return NoSuchImage(digest);
  if (!file.ok()) return file.status();
  const absl::StatusOr<std::int64_t> size = file->Size();
  if (!size.ok()) return size.status();
  return std::make_unique<FileImageReader>(pool, *std::move(file), *size);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileImageStore>> FileImageStore::OpenDirectory(const std::filesystem::path& directory,
                                                                              DataDirectory::Use use) {
  absl::Status status = MakeDirectories(TemporaryDirectory(directory));
  if (status.ok()) status = RemoveLeftovers(TemporaryDirectory(directory), use);
  if (!status.ok()) return status;
  return std::unique_ptr<FileImageStore>(new FileImageStore(directory));
}

boost::asio::awaitable<absl::StatusOr<std::unique_ptr<ImageWriter>>> FileImageStore::Create() {
  return pool_.Run([this]() -> absl::StatusOr<std::unique_ptr<ImageWriter>> {
    absl::StatusOr<PosixFile> file = NewFile(directory_);
    if (!file.ok()) return file.status();
    return std::make_unique<FileImageWriter>(pool_, directory_, *std::move(file));
  });
}

boost::asio::awaitable<absl::StatusOr<std::unique_ptr<ImageReader>>> FileImageStore::Open(std::string_view digest) {
  if (!IsDigest(digest)) return Ready<absl::StatusOr<std::unique_ptr<ImageReader>>>(NoSuchImage(digest));
  return pool_.Run([this, digest = std::string(digest)] {
    return OpenReader(pool_, ImagePath(directory_, digest), digest);
  });
}

boost::asio::awaitable<absl::Status> FileImageStore::Remove(std::string_view digest) {
  if (!IsDigest(digest)) return Ready(absl::OkStatus());
  return pool_.Run([path = ImagePath(directory_, digest)] { return RemoveFile(path); });
}

boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> FileImageStore::List(std::string_view after, int limit) {
  return pool_.Run([this, after = std::string(after), limit] { return ListImages(directory_, after, limit); });
}

boost::asio::awaitable<absl::Status> FileImageStore::Check() {
  return pool_.Run([this] { return Probe(directory_); });
}

}  // namespace easel::storage
