#include "upstream/zai/zai_image_model.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <utility>

#include <openssl/sha.h>

#include "upstream/http/cancellation.h"
#include "upstream/http/safe_url.h"
#include "upstream/image_download.h"
#include "upstream/zai/classify.h"
#include "upstream/zai/request_body.h"

namespace easel::upstream {
namespace {

using boost::asio::awaitable;
using generation::Fetched;
using generation::PollResult;
using generation::Submission;

constexpr std::string_view kTaskModel = "glm-image";
constexpr std::string_view kMainlandHost = "open.bigmodel.cn";
constexpr std::size_t kMaxReplyBytes = 1024 * 1024;

std::string Fingerprint(const std::string& key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  std::array<char, 9> hex;
  std::snprintf(hex.data(), hex.size(), "%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
  return hex.data();
}

std::string Escaped(std::string_view segment) {
  std::string escaped;
  for (const char c : segment) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '~' || (c == '.' && segment.size() > 2)) {
      escaped.push_back(c);
    } else {
      std::array<char, 4> hex;
      std::snprintf(hex.data(), hex.size(), "%%%02X", static_cast<unsigned>(byte));
      escaped += hex.data();
    }
  }
  return escaped;
}

bool IsHeaderSafe(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

absl::StatusOr<std::unique_ptr<ZaiImageModel>> ZaiImageModel::Create(ZaiOptions options, HttpClients& clients,
                                                                     const UrlGuard& guard) {
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  const auto parts = ReadUrl(options.base_url);
  if (!parts || options.base_url.find_first_of("?#") != std::string::npos) {
    return absl::InvalidArgumentError("the upstream's base URL \"" + WithoutQuery(options.base_url) +
                                      "\" is not a plain http or https URL such as https://api.z.ai/api/paas/v4");
  }
  if (!IsHeaderSafe(options.api_key)) {
    return absl::InvalidArgumentError(
        "the upstream's API key is empty or holds spaces, line ends or characters beyond ASCII; write it without quotes");
  }
  if (options.name.empty()) options.name = options.base_url;
  const bool mainland = parts->host == kMainlandHost;
  return std::unique_ptr<ZaiImageModel>(new ZaiImageModel(std::move(options), mainland, clients, guard));
}

ZaiImageModel::ZaiImageModel(ZaiOptions options, bool mainland, HttpClients& clients, const UrlGuard& guard)
    : options_(std::move(options)),
      watermark_known_(options_.watermark_known.value_or(mainland)),
      key_fingerprint_(Fingerprint(options_.api_key)),
      clients_(clients),
      guard_(guard) {}

bool ZaiImageModel::UsesTasks(const v1::ImageSpec& spec) const {
  return options_.async_glm_image && spec.model() == kTaskModel && spec.quality() != v1::QUALITY_STANDARD;
}

HttpRequest ZaiImageModel::ApiRequest(HttpRequest::Method method, const std::string& path, absl::Duration timeout) const {
  HttpRequest request;
  request.method = method;
  request.url = options_.base_url + path;
  request.headers.push_back({"Authorization", "Bearer " + options_.api_key});
  request.headers.push_back({"Accept", "application/json"});
  request.headers.push_back({"Accept-Language", "en-US,en"});
  request.timeouts.connect = options_.connect_timeout;
  request.timeouts.total = timeout;
  return request;
}

awaitable<Submission> ZaiImageModel::Submit(const v1::ImageSpec& spec, generation::SubmitIds ids) {
  return WithoutThrowing(SubmitNow(spec, ids));
}

awaitable<PollResult> ZaiImageModel::Poll(std::string_view task_id) { return WithoutThrowing(PollNow(task_id)); }

awaitable<Fetched> ZaiImageModel::Fetch(std::string_view url, generation::ByteSink& sink) {
  return WithoutThrowing(FetchNow(url, sink));
}

awaitable<Submission> ZaiImageModel::SubmitNow(const v1::ImageSpec& spec, generation::SubmitIds ids) {
  const bool tasks = UsesTasks(spec);
  HttpRequest request = ApiRequest(HttpRequest::Method::kPost, tasks ? "/async/images/generations" : "/images/generations",
                                   tasks ? options_.async_submit_timeout : options_.sync_timeout);
  request.headers.push_back({"Content-Type", "application/json"});
  if (!ids.traceparent.empty()) request.headers.push_back({"traceparent", std::string(ids.traceparent)});
  request.body = RequestBody(spec, ids.submit_id, watermark_known_);
  HttpClient& client = clients_.For(co_await boost::asio::this_coro::executor);
  auto answer = co_await client.Send(std::move(request), kMaxReplyBytes);
  if (const auto* failure = std::get_if<HttpFailure>(&answer)) co_return SubmissionFailure(*failure);
  const MessageCleaner cleaner(options_.api_key, spec.prompt());
  co_return ReadSubmission(std::get<HttpReply>(answer), tasks, cleaner);
}

awaitable<PollResult> ZaiImageModel::PollNow(std::string_view task_id) {
  HttpRequest request =
      ApiRequest(HttpRequest::Method::kGet, "/async-result/" + Escaped(task_id), options_.poll_timeout);
  HttpClient& client = clients_.For(co_await boost::asio::this_coro::executor);
  auto answer = co_await client.Send(std::move(request), kMaxReplyBytes);
  if (const auto* failure = std::get_if<HttpFailure>(&answer)) co_return PollFailure(*failure);
  const MessageCleaner cleaner(options_.api_key, std::nullopt);
  co_return ReadPoll(std::get<HttpReply>(answer), cleaner);
}

awaitable<Fetched> ZaiImageModel::FetchNow(std::string_view url, generation::ByteSink& sink) {
  HttpClient& client = clients_.For(co_await boost::asio::this_coro::executor);
  DownloadLimits limits;
  limits.connect_timeout = options_.connect_timeout;
  limits.total_timeout = options_.fetch_timeout;
  limits.max_bytes = options_.max_image_bytes;
  Fetched fetched = co_await DownloadImage(client, guard_, std::string(url), sink, limits);
  co_return fetched;
}

}  // namespace easel::upstream
