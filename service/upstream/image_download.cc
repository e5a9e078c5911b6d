#include "upstream/image_download.h"

#include <charconv>
#include <optional>
#include <utility>

#include "upstream/http/guarded_get.h"

namespace easel::upstream {
namespace {

using boost::asio::awaitable;
using generation::ByteSink;
using generation::Fetched;
using Outcome = generation::Fetched::Outcome;

std::optional<std::int64_t> ContentLength(const HttpHead& head) {
  const auto text = head.Find("Content-Length");
  std::int64_t length = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc() || end != text->data() + text->size() || length < 0) return std::nullopt;
  return length;
}

Fetched TooLarge(std::int64_t max_bytes) {
  return {Outcome::kForbidden, absl::ResourceExhaustedError("the image is larger than the limit of " +
                                                            std::to_string(max_bytes) + " bytes")};
}

Fetched FailedWith(const HttpFailure& failure) {
  switch (failure.kind) {
    case HttpFailure::Kind::kCancelled:
      return {Outcome::kCancelled, absl::CancelledError("the download was cancelled")};
    case HttpFailure::Kind::kAddressRefused:
      return {Outcome::kForbidden, absl::PermissionDeniedError("the image host's address is not a public one")};
    case HttpFailure::Kind::kInvalid:
      return {Outcome::kForbidden, absl::PermissionDeniedError("the image's URL cannot be fetched: " + failure.message)};
    default:
      return {Outcome::kRetry, absl::UnavailableError("the download broke: " + failure.message)};
  }
}

// Nothing if the body may be read.
std::optional<Fetched> Refusal(const HttpHead& head, std::int64_t max_bytes) {
  const std::string status = std::to_string(head.status);
  if (head.status == 401 || head.status == 403 || head.status == 410) {
    return Fetched{Outcome::kExpired, absl::NotFoundError("the image's URL is not valid any more (HTTP " + status + ")")};
  }
  if (head.status != 200) {
    return Fetched{Outcome::kRetry, absl::UnavailableError("the image host answered with HTTP " + status)};
  }
  const auto encoding = head.Find("Content-Encoding");
  if (encoding && !encoding->empty() && *encoding != "identity") {
    return Fetched{Outcome::kRetry, absl::UnavailableError("the image host coded the body, which was not asked for")};
  }
  if (ContentLength(head).value_or(0) > max_bytes) return TooLarge(max_bytes);
  return std::nullopt;
}

awaitable<Fetched> Pour(HttpStream& stream, ByteSink& sink, std::int64_t max_bytes) {
  absl::Status taken = co_await sink.Begin(ContentLength(stream.head()));
  std::int64_t total = 0;
  while (taken.ok()) {
    auto piece = co_await stream.Read();
    if (const auto* failure = std::get_if<HttpFailure>(&piece)) co_return FailedWith(*failure);
    const std::string& bytes = std::get<std::string>(piece);
    if (bytes.empty()) co_return Fetched{Outcome::kComplete, absl::OkStatus()};
    total += static_cast<std::int64_t>(bytes.size());
    if (total > max_bytes) co_return TooLarge(max_bytes);
    taken = co_await sink.Append(bytes);
  }
  co_return Fetched{Outcome::kSinkFailed, std::move(taken)};
}

}  // namespace

awaitable<Fetched> DownloadImage(HttpClient& client, const UrlGuard& guard, std::string url, ByteSink& sink,
                                 DownloadLimits limits) {
  HttpTimeouts timeouts;
  timeouts.connect = limits.connect_timeout;
  timeouts.total = limits.total_timeout;
  timeouts.low_speed_bytes = limits.low_speed_bytes;
  timeouts.low_speed_time = limits.low_speed_time;
  auto reply = co_await GuardedGet(client, guard, std::move(url), timeouts);
  if (auto* refused = std::get_if<absl::Status>(&reply)) co_return Fetched{Outcome::kForbidden, std::move(*refused)};
  if (const auto* failure = std::get_if<HttpFailure>(&reply)) co_return FailedWith(*failure);
  const auto stream = std::get<std::unique_ptr<HttpStream>>(std::move(reply));
  if (auto refusal = Refusal(stream->head(), limits.max_bytes)) co_return *std::move(refusal);
  Fetched fetched = co_await Pour(*stream, sink, limits.max_bytes);
  co_return fetched;
}

}  // namespace easel::upstream
