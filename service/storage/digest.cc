#include "storage/digest.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace easel::storage {

bool IsDigest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(),
                                          [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

absl::Status NotADigest() {
  return absl::InvalidArgumentError("an image is kept under its sha256: 64 lower-case hexadecimal digits");
}

absl::Status NoSuchImage(std::string_view digest) {
  return absl::NotFoundError(absl::StrCat("no image is kept under the digest '", std::string(digest.substr(0, 64)), "'"));
}

}  // namespace easel::storage
