#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "generation/ports/clock.h"
#include "storage/s3/aws_signature.h"
#include "upstream/http/http_clients.h"

namespace easel::storage {

struct S3Options {
  // As "https://minio.example.com:9000": buckets are then addressed as its paths. Empty: AWS in `region`, where a bucket is a
  // host.
  std::string endpoint;
  std::string region = "us-east-1";
  std::string bucket;
  // Stands in front of every key, with a '/' in between. May be empty.
  std::string prefix;
  AwsCredentials credentials;
};

// Objects of one bucket over S3's REST API. What fails and may succeed the next time is tried three times, a body that is
// given included: all of it can be repeated. Used from coroutines on the loops that `clients` knows; they are not to be
// cancelled meanwhile. Thread-safe.
//
// Errors: NOT_FOUND (no such object), RESOURCE_EXHAUSTED (no room), UNAVAILABLE (anything else that may pass; what was
// refused too, since somebody may set it right). Messages name the object and what the service said.
class S3Bucket {
 public:
  S3Bucket(S3Options options, upstream::HttpClients& clients, generation::Clock& clock);

  boost::asio::awaitable<absl::Status> Put(std::string key, std::string bytes);
  // The object from `offset` on, its first bytes still to be read.
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<upstream::HttpStream>>> Get(std::string key, std::int64_t offset);
  // Deleting what is not there is OK.
  boost::asio::awaitable<absl::Status> Delete(std::string key);
  // Up to `limit` (1 to 1000) keys that come after this one, in ascending order.
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> List(std::string after, int limit);

  // A URL with which anyone can GET the object, as `content_type`, for `lifetime` (1 s to 7 days) from `now` on.
  std::string Presign(std::string_view key, std::string_view content_type, absl::Duration lifetime, absl::Time now) const;

 private:
  using Reply = upstream::HttpResult<upstream::HttpReply>;

  AwsRequest Describe(std::string_view method, std::string_view key) const;
  // Signed now.
  upstream::HttpRequest Build(upstream::HttpRequest::Method method, AwsRequest described, std::string body) const;
  boost::asio::awaitable<Reply> Send(upstream::HttpRequest::Method method, AwsRequest described, std::string body);

  const std::string prefix_;
  const std::string bucket_path_;  // "" or "/BUCKET"
  const std::string base_url_;     // scheme and host
  const std::string host_;
  const AwsSigner signer_;
  upstream::HttpClients& clients_;
  generation::Clock& clock_;
};

}  // namespace easel::storage
