#include "storage/s3/s3_bucket.h"

#include <utility>
#include <variant>

#include <boost/asio/this_coro.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "imaging/sha256.h"
#include "storage/s3/s3_error.h"
#include "storage/s3/s3_xml.h"

namespace easel::storage {
namespace {

namespace asio = boost::asio;
using upstream::HttpFailure;
using upstream::HttpReply;
using upstream::HttpRequest;
using Method = HttpRequest::Method;

constexpr int kTries = 3;
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr std::size_t kMaxAnswerBytes = 4 << 20;
constexpr absl::Duration kPatience = absl::Minutes(2);

std::string EndpointOf(const S3Options& options) {
  if (!options.endpoint.empty()) return std::string(absl::StripSuffix(options.endpoint, "/"));
  return absl::StrCat("https://", options.bucket, ".s3.", options.region, ".amazonaws.com");
}

std::string HostOf(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  return std::string(url.substr(0, url.find('/')));
}

std::string Sha256Of(std::string_view bytes) {
  imaging::Sha256 digest;
  digest.Append(bytes);
  return digest.Finish().value_or("");
}

bool IsGood(const HttpReply& reply) { return reply.head.status >= 200 && reply.head.status < 300; }

bool MayPass(const upstream::HttpResult<HttpReply>& result) {
  if (const auto* failure = std::get_if<HttpFailure>(&result)) return storage::MayPass(*failure);
  return storage::MayPass(std::get<HttpReply>(result).head.status);
}

absl::Status StatusOf(std::string_view what, const upstream::HttpResult<HttpReply>& result) {
  if (const auto* failure = std::get_if<HttpFailure>(&result)) return S3Error(what, *failure);
  const auto& reply = std::get<HttpReply>(result);
  return IsGood(reply) ? absl::OkStatus() : S3Error(what, reply.head.status, reply.body);
}

}  // namespace

S3Bucket::S3Bucket(S3Options options, upstream::HttpClients& clients, generation::Clock& clock)
    : prefix_(options.prefix.empty() ? "" : options.prefix + "/"),
      bucket_path_(options.endpoint.empty() ? "" : "/" + UriEncode(options.bucket, false)),
      base_url_(EndpointOf(options)),
      host_(HostOf(base_url_)),
      signer_(std::move(options.credentials), options.region),
      clients_(clients),
      clock_(clock) {}

AwsRequest S3Bucket::Describe(std::string_view method, std::string_view key) const {
  return {.method = std::string(method),
          .host = host_,
          .path = absl::StrCat(bucket_path_, "/", key.empty() ? "" : UriEncode(prefix_ + std::string(key), true)),
          .query = {},
          .headers = {},
          .payload_sha256 = {}};
}

HttpRequest S3Bucket::Build(Method method, AwsRequest described, std::string body) const {
  described.payload_sha256 = Sha256Of(body);
  signer_.Sign(described, clock_.Now());
  HttpRequest request;
  request.method = method;
  const std::string query = EncodeQuery(described.query);
  request.url = absl::StrCat(base_url_, described.path, query.empty() ? "" : "?", query);
  for (const auto& [name, value] : described.headers) {
    if (name != "host") request.headers.push_back({name, value});
  }
  request.body = std::move(body);
  return request;
}

asio::awaitable<S3Bucket::Reply> S3Bucket::Send(Method method, AwsRequest described, std::string body) {
  upstream::HttpClient& client = clients_.For(co_await asio::this_coro::executor);
  absl::Duration pause = kFirstPause;
  for (int tried = 1;; ++tried) {
    HttpRequest request = Build(method, described, body);
    request.timeouts.total = kPatience;
    Reply reply = co_await client.Send(std::move(request), kMaxAnswerBytes);
    if (tried == kTries || !MayPass(reply)) co_return reply;
    co_await clock_.Sleep(pause);
    pause *= 4;
  }
}

asio::awaitable<absl::Status> S3Bucket::Put(std::string key, std::string bytes) {
  AwsRequest described = Describe("PUT", key);
  described.headers["content-type"] = "application/octet-stream";
  const Reply reply = co_await Send(Method::kPut, std::move(described), std::move(bytes));
  co_return StatusOf("store " + key, reply);
}

asio::awaitable<absl::Status> S3Bucket::Delete(std::string key) {
  const Reply reply = co_await Send(Method::kDelete, Describe("DELETE", key), "");
  absl::Status status = StatusOf("delete " + key, reply);
  co_return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

asio::awaitable<absl::StatusOr<std::vector<std::string>>> S3Bucket::List(std::string after, int limit) {
  AwsRequest described = Describe("GET", "");
  described.query = {{"list-type", "2"}, {"max-keys", absl::StrCat(limit)}};
  if (!prefix_.empty()) described.query["prefix"] = prefix_;
  if (!after.empty()) described.query["start-after"] = prefix_ + after;
  const Reply reply = co_await Send(Method::kGet, std::move(described), "");
  absl::Status status = StatusOf("list the bucket", reply);
  if (!status.ok()) co_return status;
  auto keys = ListedKeys(std::get<HttpReply>(reply).body);
  if (!keys.ok()) co_return keys.status();
  for (std::string& key : *keys) {
    if (absl::StartsWith(key, prefix_)) key.erase(0, prefix_.size());
  }
  co_return keys;
}

asio::awaitable<absl::StatusOr<std::unique_ptr<upstream::HttpStream>>> S3Bucket::Get(std::string key,
                                                                                     std::int64_t offset) {
  upstream::HttpClient& client = clients_.For(co_await asio::this_coro::executor);
  const std::string what = "read " + key;
  absl::Duration pause = kFirstPause;
  for (int tried = 1;; ++tried) {
    AwsRequest described = Describe("GET", key);
    if (offset > 0) described.headers["range"] = absl::StrCat("bytes=", offset, "-");
    HttpRequest request = Build(Method::kGet, std::move(described), "");
    request.timeouts.low_speed_bytes = 1;
    request.timeouts.low_speed_time = absl::Seconds(30);
    auto opened = co_await client.Open(std::move(request));
    absl::Status status;
    bool may_pass = false;
    if (const auto* failure = std::get_if<HttpFailure>(&opened)) {
      status = S3Error(what, *failure);
      may_pass = storage::MayPass(*failure);
    } else {
      auto& stream = std::get<std::unique_ptr<upstream::HttpStream>>(opened);
      const int http_status = stream->head().status;
      if (http_status == (offset > 0 ? 206 : 200)) co_return std::move(stream);
      // Its head says enough: errors of a GET are told apart by their status.
      status = S3Error(what, http_status, "");
      may_pass = storage::MayPass(http_status);
    }
    if (tried == kTries || !may_pass) co_return status;
    co_await clock_.Sleep(pause);
    pause *= 4;
  }
}

std::string S3Bucket::Presign(std::string_view key, std::string_view content_type, absl::Duration lifetime,
                              absl::Time now) const {
  AwsRequest described = Describe("GET", key);
  described.query["response-content-type"] = std::string(content_type);
  const std::string path = described.path;
  return absl::StrCat(base_url_, path, "?", signer_.Presign(std::move(described), lifetime, now));
}

}  // namespace easel::storage
