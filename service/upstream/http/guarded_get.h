#pragma once

#include <memory>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "upstream/http/http_client.h"
#include "upstream/http/url_guard.h"

namespace easel::upstream {

// The stream of the last hop; what the guard said; or why there is no answer.
using GuardedReply = std::variant<std::unique_ptr<HttpStream>, absl::Status, HttpFailure>;

// GETs `url` as it is spelled, following up to 5 redirects. Every hop passes `guard`, every address is checked. Sends no
// header but Accept, Accept-Encoding (identity) and what HttpClient adds itself: no credentials.
boost::asio::awaitable<GuardedReply> GuardedGet(HttpClient& client, const UrlGuard& guard, std::string url,
                                                HttpTimeouts timeouts);

}  // namespace easel::upstream
