#include "storage/posix_error.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace easel::storage {

bool IsDiskFull(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

absl::Status PosixError(int error, std::string_view doing, const std::string& path) {
  std::string message =
      absl::StrCat("cannot ", std::string(doing), " ", path, ": ", std::generic_category().message(error));
  if (IsDiskFull(error)) return absl::ResourceExhaustedError(message);
  return absl::UnavailableError(message);
}

}  // namespace easel::storage
