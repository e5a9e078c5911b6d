#include "generation/ids.h"

#include <algorithm>

namespace easel::generation {
namespace {

// Crockford's alphabet: no letter that looks like a digit.
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kCollection = "generations/";
constexpr std::size_t kTimeDigits = 10;
constexpr std::size_t kIdDigits = 26;

void AppendDigits(std::string& id, std::uint64_t value, std::size_t digits) {
  for (std::size_t i = digits; i-- > 0;) id.push_back(kAlphabet[(value >> (5 * i)) & 31]);
}

}  // namespace

std::string NewId(absl::Time now, const std::function<std::uint64_t()>& random) {
  std::string id;
  id.reserve(kIdDigits);
  const auto micros = static_cast<std::uint64_t>(absl::ToUnixMicros(now));
  AppendDigits(id, micros / 1000, kTimeDigits);
  AppendDigits(id, micros % 1000, 2);
  AppendDigits(id, random(), 7);
  AppendDigits(id, random(), 7);
  return id;
}

std::string NewName(absl::Time now, const std::function<std::uint64_t()>& random) {
  return std::string(kCollection) + NewId(now, random);
}

bool IsName(std::string_view name) {
  if (!name.starts_with(kCollection) || name.size() != kCollection.size() + kIdDigits) return false;
  name.remove_prefix(kCollection.size());
  return std::all_of(name.begin(), name.end(), [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

}  // namespace easel::generation
