#include "storage/image_log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <zlib.h>

#include "absl/strings/cord.h"
#include "storage/posix_error.h"

namespace easel::storage {
namespace {

constexpr std::uint32_t kMagic = 0x6c676f31;
constexpr std::size_t kDigestBytes = 64;
// A disk that loses its power in the middle of a write may spoil the whole block: what was synced is not written again.
constexpr std::size_t kBlock = 4096;

struct Header {
  std::uint32_t magic = kMagic;
  std::uint32_t checksum = 0;  // of all that follows, the bytes included
  std::uint64_t lap = 0;
  std::uint32_t size = 0;
  std::uint32_t removed = 0;
  char digest[kDigestBytes] = {};
};
static_assert(sizeof(Header) == 88);

std::uint32_t ChecksumOf(const Header& header, std::string_view bytes) {
  constexpr std::size_t kFrom = offsetof(Header, lap);
  const auto* data = reinterpret_cast<const Bytef*>(&header);
  const uLong head = ::crc32(0, data + kFrom, sizeof(Header) - kFrom);
  return static_cast<std::uint32_t>(
      ::crc32(head, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

std::size_t RoundedUp(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

void AppendTo(std::string& buffer, const ImageLogEntry& entry, std::uint64_t lap) {
  Header header;
  header.lap = lap;
  header.size = static_cast<std::uint32_t>(entry.bytes.size());
  header.removed = entry.removed ? 1 : 0;
  std::memcpy(header.digest, entry.digest.data(), kDigestBytes);
  header.checksum = ChecksumOf(header, entry.bytes);
  buffer.append(reinterpret_cast<const char*>(&header), sizeof(Header));
  buffer.append(entry.bytes);
}

// The header of a whole entry at this place.
bool ReadEntry(std::string_view log, std::size_t at, Header& header) {
  if (at + sizeof(Header) > log.size()) return false;
  std::memcpy(&header, log.data() + at, sizeof(Header));
  return header.magic == kMagic && header.size <= log.size() - at - sizeof(Header) &&
         header.checksum == ChecksumOf(header, log.substr(at + sizeof(Header), header.size));
}

absl::Status WriteAt(const PosixFile& file, std::size_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return PosixError(errno, "write", file.path());
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::size_t>(written);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ImageLogFile> ImageLogFile::Open(const std::filesystem::path& path) {
  absl::StatusOr<PosixFile> file = PosixFile::Open(path, O_RDWR | O_CREAT);
  if (!file.ok()) return file.status();
  return ImageLogFile(*std::move(file));
}

absl::Status ImageLogFile::Read(const std::function<absl::Status(const ImageLogEntry&)>& each) {
  const absl::StatusOr<absl::Cord> content = file_.ReadAt(0, kBytes);
  if (!content.ok()) return content.status();
  const std::string log(*content);
  Header header;
  for (std::size_t at = 0; at < log.size();) {
    const bool whole = ReadEntry(log, at, header) && (at == 0 || header.lap == lap_);
    if (!whole && at % kBlock == 0) break;
    if (!whole) {
      at = RoundedUp(at, kBlock);
      continue;
    }
    lap_ = header.lap;
    const std::string_view bytes = std::string_view(log).substr(at + sizeof(Header), header.size);
    absl::Status taken = each({{header.digest, kDigestBytes}, bytes, header.removed != 0});
    if (!taken.ok()) return taken;
    at += sizeof(Header) + header.size;
  }
  end_ = kBytes;
  return absl::OkStatus();
}

std::size_t ImageLogFile::SizeOf(std::span<const ImageLogEntry> entries) {
  std::size_t size = 0;
  for (const ImageLogEntry& entry : entries) size += sizeof(Header) + entry.bytes.size();
  return RoundedUp(size, kBlock);
}

absl::Status ImageLogFile::Append(std::span<const ImageLogEntry> entries, bool sync) {
  const std::size_t size = SizeOf(entries);
  std::string buffer;
  buffer.reserve(size);
  for (const ImageLogEntry& entry : entries) AppendTo(buffer, entry, lap_);
  buffer.resize(size, '\0');
  const std::size_t begin = std::exchange(end_, end_ + size);
  if (absl::Status written = WriteAt(file_, begin, buffer); !written.ok()) return written;
  if (sync && ::fdatasync(file_.descriptor()) != 0) return PosixError(errno, "sync", file_.path());
  return absl::OkStatus();
}

absl::Status ImageLogFile::Begin(std::uint64_t lap) {
  lap_ = lap;
  end_ = 0;
  return WriteAt(file_, 0, std::string(sizeof(Header), '\0'));
}

bool ImageLogFile::IsEmpty() const {
  const absl::StatusOr<std::int64_t> size = file_.Size();
  return size.ok() && *size == 0;
}

bool ImageLogFile::InPlace() const {
  struct stat open {};
  struct stat named {};
  return ::fstat(file_.descriptor(), &open) == 0 && ::stat(file_.path().c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

absl::Status ImageLogFile::SyncFileSystem() const {
  if (::syncfs(file_.descriptor()) != 0) return PosixError(errno, "sync the file system of", file_.path());
  return absl::OkStatus();
}

}  // namespace easel::storage
