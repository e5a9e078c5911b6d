#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace easel::storage {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  // Of temporary credentials; else empty.
  std::string session_token;
};

// What a signature covers.
struct AwsRequest {
  std::string method;
  std::string host;  // with its port, if the URL names one
  std::string path;  // as it goes out: UriEncode, '/' kept
  std::map<std::string, std::string> query;    // not encoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::string payload_sha256;                  // 64 hexadecimal digits
};

// Signs requests to S3 and what speaks like it: AWS Signature Version 4 (docs.aws.amazon.com, "Authenticating Requests", whose
// examples are the tests). Thread-safe.
class AwsSigner {
 public:
  AwsSigner(AwsCredentials credentials, std::string region)
      : credentials_(std::move(credentials)), region_(std::move(region)) {}

  // Adds the headers that make it acceptable for about 15 minutes.
  void Sign(AwsRequest& request, absl::Time now) const;

  // Its query, encoded, with which it can be sent without any header for `lifetime` (1 s to 7 days) from `now` on.
  std::string Presign(AwsRequest request, absl::Duration lifetime, absl::Time now) const;

 private:
  std::string Scope(absl::Time now) const;
  std::string Signature(const AwsRequest& request, std::string_view payload, absl::Time now) const;

  const AwsCredentials credentials_;
  const std::string region_;
};

// As AWS wants it: every byte but letters, digits, '-', '.', '_' and '~' as %XX.
std::string UriEncode(std::string_view text, bool keep_slash);

// NAME=VALUE&..., encoded, sorted by name.
std::string EncodeQuery(const std::map<std::string, std::string>& query);

}  // namespace easel::storage
