#include "app/config_text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace easel::app {
namespace {

constexpr std::array<std::pair<const char*, int64_t>, 6> kByteUnits = {{{"KiB", 1LL << 10},
                                                                        {"MiB", 1LL << 20},
                                                                        {"GiB", 1LL << 30},
                                                                        {"KB", 1'000},
                                                                        {"MB", 1'000'000},
                                                                        {"GB", 1'000'000'000}}};

constexpr absl::Duration kLongest = absl::Hours(24 * 36'500);

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
}

// How many insertions, deletions, replacements and swaps of neighbours lie between two words.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<absl::Duration> ParseDuration(const std::string& text) {
  if (text.find_first_of("+-") != std::string::npos) return std::nullopt;
  absl::Duration days;
  std::string rest = text;
  if (const auto day = text.find('d'); day != std::string::npos) {
    const std::string number = text.substr(0, day);
    double count = 0;
    if (!IsNumber(number) || !absl::SimpleAtod(number, &count)) return std::nullopt;
    days = absl::Hours(24) * count;
    rest = text.substr(day + 1);
    if (rest.empty()) rest = "0";
  }
  absl::Duration duration;
  if (!absl::ParseDuration(rest, &duration)) return std::nullopt;
  duration += days;
  if (duration > kLongest) return std::nullopt;
  return duration;
}

std::string DurationText(absl::Duration duration) {
  const absl::Duration day = absl::Hours(24);
  if (duration >= day && duration % day == absl::ZeroDuration()) return absl::StrCat(duration / day, "d");
  std::string text = absl::FormatDuration(duration);
  for (const char* zero : {"m0s", "h0m"}) {
    if (absl::EndsWith(text, zero)) text.resize(text.size() - 2);
  }
  return text;
}

std::optional<int64_t> ParseBytes(const std::string& text) {
  std::string number = text;
  int64_t unit = 1;
  for (const auto& [name, size] : kByteUnits) {
    if (!absl::EndsWith(text, name)) continue;
    number = text.substr(0, text.size() - std::string_view(name).size());
    unit = size;
    break;
  }
  int64_t count = 0;
  if (!IsNumber(number) || !absl::SimpleAtoi(number, &count)) return std::nullopt;
  if (count > std::numeric_limits<int64_t>::max() / unit) return std::nullopt;
  return count * unit;
}

std::string BytesText(int64_t bytes) {
  for (const size_t unit : {size_t{2}, size_t{1}, size_t{0}}) {
    const auto& [name, size] = kByteUnits[unit];
    if (bytes >= size && bytes % size == 0) return absl::StrCat(bytes / size, name);
  }
  return absl::StrCat(bytes);
}

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> parts;
  for (const auto part : absl::StrSplit(text, ',')) {
    if (const auto trimmed = absl::StripAsciiWhitespace(part); !trimmed.empty()) parts.emplace_back(trimmed);
  }
  return parts;
}

std::string Quoted(const std::string& value) {
  constexpr size_t kMost = 60;
  std::string shown = value;
  const auto scheme = value.find("://");
  if (scheme != std::string::npos && absl::StrContains(value, '@')) shown = value.substr(0, scheme + 3) + "***";
  const bool cut = shown.size() > kMost;
  if (cut) shown.resize(kMost);
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(shown), cut ? "...\"" : "\"");
}

std::string WithoutUser(const std::string& url) {
  const auto scheme = url.find("://");
  const auto at = url.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos) return url;
  return absl::StrCat(url.substr(0, scheme + 3), "***", url.substr(at));
}

std::string WithoutQuery(const std::string& url) {
  const auto query = url.find('?');
  return query == std::string::npos ? url : absl::StrCat(url.substr(0, query), "?***");
}

std::string Nearest(const std::string& word, const std::vector<std::string>& candidates, size_t most) {
  std::string nearest;
  size_t least = most + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = Distance(word, candidate);
    if (distance >= least || distance >= candidate.size()) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string nearest = Nearest(word, candidates, std::max<size_t>(2, word.size() / 3));
  return nearest.empty() ? "" : absl::StrCat(" (did you mean \"", nearest, "\"?)");
}

}  // namespace easel::app
