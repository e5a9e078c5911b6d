#include "upstream/http/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include <curl/curl.h>

namespace easel::upstream {

std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now) {
  constexpr absl::Duration kLongest = absl::Hours(24);
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (end == value.data() + value.size()) {
    if (error == std::errc()) return std::min<absl::Duration>(absl::Seconds(seconds), kLongest);
    if (error == std::errc::result_out_of_range) return kLongest;
  }
  const time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return std::clamp<absl::Duration>(absl::FromTimeT(date) - now, absl::ZeroDuration(), kLongest);
}

}  // namespace easel::upstream
