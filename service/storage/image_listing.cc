#include "storage/image_listing.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <system_error>

#include "absl/strings/str_format.h"
#include "storage/digest.h"
#include "storage/posix_error.h"

namespace easel::storage {
namespace {

constexpr int kDirectories = 256;

int FirstDirectory(const std::string& after) { return after.empty() ? 0 : std::stoi(after.substr(0, 2), nullptr, 16); }

// Adds the digests of one directory that come after `after`.
absl::Status ReadDirectory(const std::filesystem::path& directory, const std::string& after,
                           std::vector<std::string>& digests) {
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename();
    const bool in_its_place = IsDigest(name) && std::string_view(name).substr(0, 2) == directory.filename().native();
    if (in_its_place && name > after) digests.push_back(std::move(name));
  }
  if (!error || error == std::errc::no_such_file_or_directory) return absl::OkStatus();
  return PosixError(error.value(), "list", directory);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ListImages(const std::filesystem::path& store, const std::string& after,
                                                    int limit) {
  const auto wanted = static_cast<std::size_t>(std::max(limit, 0));
  std::vector<std::string> digests;
  if (!after.empty() && !IsDigest(after)) return NotADigest();
  for (int n = FirstDirectory(after); n < kDirectories && digests.size() < wanted; ++n) {
    const auto begin = static_cast<std::ptrdiff_t>(digests.size());
    const absl::Status read = ReadDirectory(store / absl::StrFormat("%02x", n), after, digests);
    if (!read.ok()) return read;
    std::sort(digests.begin() + begin, digests.end());
  }
  digests.resize(std::min(digests.size(), wanted));
  return digests;
}

}  // namespace easel::storage
