#include "upstream/http/guarded_get.h"

#include <utility>

#include "upstream/http/safe_url.h"

namespace easel::upstream {
namespace {

constexpr int kMaxRedirects = 5;

// Where the reply sends its reader, or empty.
std::string RedirectOf(const HttpHead& head, const std::string& url) {
  const int status = head.status;
  if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) return {};
  const auto location = head.Find("Location");
  return location ? ResolveLocation(url, *location) : std::string();
}

}  // namespace

boost::asio::awaitable<GuardedReply> GuardedGet(HttpClient& client, const UrlGuard& guard, std::string url,
                                                HttpTimeouts timeouts) {
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    absl::StatusOr<AddressFilter> allowed = guard.Check(url);
    if (!allowed.ok()) co_return allowed.status();
    HttpRequest request;
    request.url = url;
    request.headers.push_back({"Accept", "image/*,*/*;q=0.8"});
    request.headers.push_back({"Accept-Encoding", "identity"});
    request.timeouts = timeouts;
    request.address_allowed = *std::move(allowed);
    auto opened = co_await client.Open(std::move(request));
    if (auto* failure = std::get_if<HttpFailure>(&opened)) co_return std::move(*failure);
    auto stream = std::get<std::unique_ptr<HttpStream>>(std::move(opened));
    std::string next = RedirectOf(stream->head(), url);
    if (next.empty()) co_return std::move(stream);
    url = std::move(next);
  }
  co_return absl::PermissionDeniedError("the image's URL redirects more than 5 times");
}

}  // namespace easel::upstream
