#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "absl/time/time.h"
#include "generation/ports/image_model.h"
#include "upstream/http/http_client.h"
#include "upstream/http/url_guard.h"

namespace easel::upstream {

struct DownloadLimits {
  absl::Duration connect_timeout = absl::Seconds(8);
  absl::Duration total_timeout = absl::Minutes(5);
  // Fewer bytes a second than this for this long: given up.
  std::int64_t low_speed_bytes = 1024;
  absl::Duration low_speed_time = absl::Seconds(30);
  std::int64_t max_bytes = 64 * 1024 * 1024;
};

// One attempt to download `url` into `sink`, as ImageModel::Fetch promises it. No credentials are sent.
//
// 200 is complete; 401, 403 and 410 are kExpired; what the guard refuses and bodies over the cap are kForbidden; every
// other status, a coded body (Content-Encoding) and every break of the connection are kRetry.
boost::asio::awaitable<generation::Fetched> DownloadImage(HttpClient& client, const UrlGuard& guard, std::string url,
                                                          generation::ByteSink& sink, DownloadLimits limits);

}  // namespace easel::upstream
