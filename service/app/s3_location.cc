#include "app/s3_location.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace easel::app {
namespace {

constexpr std::string_view kScheme = "s3://";

bool IsBucket(std::string_view name) {
  if (name.size() < 3 || name.size() > 63 || name.front() == '.' || name.front() == '-' || name.back() == '.' ||
      name.back() == '-') {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           c == '-' || c == '.';
  });
}

bool IsPrefix(std::string_view prefix) {
  if (prefix.empty()) return true;
  for (const absl::string_view part : absl::StrSplit(absl::string_view(prefix.data(), prefix.size()), '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return prefix.size() <= 512;
}

}  // namespace

std::optional<S3Location> ParseS3Location(std::string_view text) {
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const std::string_view bucket = text.substr(0, text.find('/'));
  std::string_view prefix = text.substr(std::min(text.size(), bucket.size() + 1));
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!IsBucket(bucket) || !IsPrefix(prefix)) return std::nullopt;
  return S3Location{std::string(bucket), std::string(prefix)};
}

}  // namespace easel::app
