#include "storage/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "storage/posix_error.h"

namespace easel::storage {
namespace {

constexpr std::size_t kMaxHolderBytes = 200;

std::string Self() {
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  return absl::StrCat("process ", ::getpid(), " on ", host[0] == '\0' ? "this host" : host);
}

absl::Status Taken(const std::filesystem::path& path, const PosixFile& lock) {
  const absl::StatusOr<absl::Cord> written = lock.ReadAt(0, kMaxHolderBytes);
  const std::string holder = written.ok() ? std::string(absl::StripAsciiWhitespace(std::string(*written))) : "";
  return absl::FailedPreconditionError(
      absl::StrCat("the data directory ", path.string(), " is in use by ", holder.empty() ? "another process" : holder,
                   ": stop it, or choose another directory"));
}

absl::Status Unusable(const std::filesystem::path& path, const absl::Status& why) {
  return absl::FailedPreconditionError(absl::StrCat("the data directory ", path.string(), " cannot be used: ", why.message(),
                                                    ": make it writable for user ", ::geteuid(),
                                                    ", or choose another directory"));
}

absl::Status WriteHolder(PosixFile& lock) {
  if (::ftruncate(lock.descriptor(), 0) != 0) return PosixError(errno, "truncate", lock.path());
  return lock.Write(Self() + "\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDirectory>> DataDirectory::Open(const std::filesystem::path& path, Use use) {
  if (absl::Status made = MakeDirectories(path); !made.ok()) return Unusable(path, made);
  absl::StatusOr<PosixFile> lock = PosixFile::Open(path / "lock", O_RDWR | O_CREAT);
  if (!lock.ok()) return Unusable(path, lock.status());
  if (::flock(lock->descriptor(), (use == Use::kAlone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Taken(path, *lock);
    return Unusable(path, PosixError(errno, "lock", lock->path()));
  }
  if (absl::Status written = WriteHolder(*lock); !written.ok()) return Unusable(path, written);
  return std::unique_ptr<DataDirectory>(new DataDirectory(path, *std::move(lock)));
}

}  // namespace easel::storage
