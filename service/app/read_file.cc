#include "app/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace easel::app {
namespace {

constexpr size_t kLimit = 1 << 20;

absl::Status SystemError() { return absl::UnavailableError(std::strerror(errno)); }

absl::StatusOr<std::string> ReadAll(int descriptor) {
  std::string content;
  char buffer[16384];
  while (true) {
    const ssize_t got = read(descriptor, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError();
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    if (content.size() > kLimit) return absl::ResourceExhaustedError("it is larger than 1 MiB");
  }
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError();
  auto content = ReadAll(descriptor);
  close(descriptor);
  return content;
}

}  // namespace easel::app
