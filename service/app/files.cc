#include "app/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <openssl/rand.h>

#include "absl/strings/str_cat.h"

namespace easel::app {
namespace {

absl::Status CannotWrite(const std::string& path, int error) {
  return absl::FailedPreconditionError(absl::StrCat("cannot write ", path, ": ", std::generic_category().message(error)));
}

bool WriteAll(int file, const std::string& content) {
  std::size_t written = 0;
  while (written < content.size()) {
    const ssize_t n = ::write(file, content.data() + written, content.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    written += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

absl::Status WriteWhole(const std::string& path, const std::string& content, unsigned mode) {
  const std::string unfinished = absl::StrCat(path, ".", ::getpid(), ".tmp");
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) return CannotWrite(path, errno);
  const bool written = WriteAll(file, content) && ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (!written || ::rename(unfinished.c_str(), path.c_str()) != 0) {
    const int reason = written ? errno : error;
    ::unlink(unfinished.c_str());
    return CannotWrite(path, reason);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> LoadOrMakeSecret(const std::string& path, std::size_t bytes) {
  if (std::ifstream file(path, std::ios::binary); file) {
    std::string secret{std::istreambuf_iterator<char>(file), {}};
    if (secret.size() == bytes) return secret;
    return absl::FailedPreconditionError(
        absl::StrCat(path, " holds ", secret.size(), " bytes instead of ", bytes, "; remove it, and a new one is made"));
  }
  std::string secret(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(secret.data()), static_cast<int>(bytes)) != 1) {
    return absl::InternalError("the system gives no random bytes");
  }
  // Several processes may share the directory: all take the first one's.
  const std::string own = absl::StrCat(path, ".", ::getpid(), ".new");
  if (absl::Status written = WriteWhole(own, secret, 0600); !written.ok()) return written;
  const bool first = ::link(own.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::unlink(own.c_str());
  if (first) return secret;
  return error == EEXIST ? LoadOrMakeSecret(path, bytes) : CannotWrite(path, error);
}

}  // namespace easel::app
