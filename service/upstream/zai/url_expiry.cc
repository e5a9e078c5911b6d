#include "upstream/zai/url_expiry.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace easel::upstream {
namespace {

std::string_view Parameter(std::string_view url, std::string_view name) {
  const auto question = url.find('?');
  if (question == std::string_view::npos) return {};
  std::string_view query = url.substr(question + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return {};
}

std::optional<std::int64_t> Number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<absl::Time> ExpiryOf(std::string_view url) {
  constexpr std::int64_t kFirst = 1'577'836'800;  // 2020
  constexpr std::int64_t kLast = 4'102'444'800;   // 2100
  const auto sane = [](absl::Time time) {
    const bool in_bounds = time >= absl::FromUnixSeconds(kFirst) && time <= absl::FromUnixSeconds(kLast);
    return in_bounds ? std::optional(time) : std::nullopt;
  };
  if (const auto seconds = Number(Parameter(url, "Expires"))) return sane(absl::FromUnixSeconds(*seconds));
  const auto lifetime = Number(Parameter(url, "X-Amz-Expires"));
  absl::Time signed_at;
  if (!lifetime || *lifetime < 0 || *lifetime > kLast) return std::nullopt;
  if (!absl::ParseTime("%E4Y%m%dT%H%M%SZ", std::string(Parameter(url, "X-Amz-Date")), &signed_at, nullptr)) return std::nullopt;
  return sane(signed_at + absl::Seconds(*lifetime));
}

}  // namespace easel::upstream
