#include "http/byte_range.h"

#include <algorithm>
#include <charconv>

namespace easel::http {
namespace {

constexpr std::string_view kUnit = "bytes=";

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Digits only; what does not fit is beyond every body.
std::optional<std::int64_t> Number(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : INT64_MAX;
}

}  // namespace

std::optional<std::variant<ByteRange, Unsatisfiable>> ParseRange(std::string_view header, std::int64_t size) {
  if (!header.starts_with(kUnit)) return std::nullopt;
  const std::string_view spec = Trim(header.substr(kUnit.size()));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view before = spec.substr(0, dash);
  const std::string_view after = spec.substr(dash + 1);
  const auto first = Number(before);
  const auto last = Number(after);

  if (before.empty()) {
    if (!last) return std::nullopt;
    if (*last == 0 || size == 0) return Unsatisfiable{};
    const std::int64_t length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  if (!first || (!after.empty() && (!last || *last < *first))) return std::nullopt;
  if (*first >= size) return Unsatisfiable{};
  const std::int64_t end = last ? std::min(*last, size - 1) : size - 1;
  return ByteRange{*first, end - *first + 1};
}

}  // namespace easel::http
