#include "app/span_exporter.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace easel::app {
namespace {

namespace asio = boost::asio;
using upstream::HttpReply;
using upstream::HttpRequest;

constexpr absl::Duration kPause = absl::Seconds(2);
constexpr absl::Duration kPatience = absl::Seconds(3);
constexpr std::size_t kMostAtOnce = 512;
constexpr std::size_t kMaxAnswerBytes = 64 << 10;

HttpRequest RequestTo(const SpanExporter::Options& options) {
  HttpRequest request;
  request.method = HttpRequest::Method::kPost;
  request.url = absl::StrCat(absl::StripSuffix(options.endpoint, "/"), "/v1/traces");
  request.timeouts.total = kPatience;
  request.headers.push_back({"Content-Type", "application/json"});
  for (const absl::string_view pair : absl::StrSplit(options.headers, ',', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> header = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    request.headers.push_back({std::string(absl::StripAsciiWhitespace(header.first)),
                               std::string(absl::StripAsciiWhitespace(header.second))});
  }
  return request;
}

}  // namespace

SpanExporter::SpanExporter(Options options, upstream::HttpClients& clients, generation::Clock& clock)
    : options_(std::move(options)), clients_(clients), clock_(clock) {}

asio::awaitable<void> SpanExporter::Run() {
  while (true) {
    co_await clock_.Sleep(kPause);
    co_await Flush();
  }
}

asio::awaitable<void> SpanExporter::Flush() {
  // One after the other: the last one returns when everything was sent.
  while (sending_) {
    idle_ = std::make_shared<generation::Wakeup>(co_await asio::this_coro::executor);
    co_await idle_->Wait(absl::InfiniteDuration());
  }
  sending_ = true;
  std::vector<telemetry::Span> spans = queue_.Take();
  if (const std::int64_t dropped = queue_.TakeDropped(); dropped > 0) options_.on_loss(dropped, "more than fit in memory");
  for (std::size_t at = 0; at < spans.size(); at += kMostAtOnce) {
    const std::size_t count = std::min(kMostAtOnce, spans.size() - at);
    const auto first = spans.begin() + static_cast<std::ptrdiff_t>(at);
    const std::string body =
        telemetry::OtlpJson({first, first + static_cast<std::ptrdiff_t>(count)}, options_.version);
    std::string why = co_await Send(body);
    if (!why.empty()) why = co_await Send(body);
    if (!why.empty()) options_.on_loss(static_cast<std::int64_t>(count), why);
  }
  sending_ = false;
  if (idle_ != nullptr) idle_->Notify();
}

asio::awaitable<std::string> SpanExporter::Send(const std::string& body) {
  upstream::HttpClient& client = clients_.For(co_await asio::this_coro::executor);
  HttpRequest request = RequestTo(options_);
  request.body = body;
  const auto answer = co_await client.Send(std::move(request), kMaxAnswerBytes);
  if (const auto* failure = std::get_if<upstream::HttpFailure>(&answer)) co_return failure->message;
  const int status = std::get<HttpReply>(answer).head.status;
  co_return status >= 200 && status < 300 ? "" : absl::StrCat("HTTP ", status);
}

}  // namespace easel::app
