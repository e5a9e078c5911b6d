#include "storage/s3/aws_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace easel::storage {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string Hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

std::string Hex(std::string_view bytes) { return absl::BytesToHexString({bytes.data(), bytes.size()}); }

std::string Sha256Hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return Hex({reinterpret_cast<const char*>(digest), size});
}

std::string Day(absl::Time now) { return absl::FormatTime("%Y%m%d", now, absl::UTCTimeZone()); }
std::string Second(absl::Time now) { return absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone()); }

std::string SignedHeaders(const AwsRequest& request) {
  std::string names;
  for (const auto& [name, value] : request.headers) absl::StrAppend(&names, names.empty() ? "" : ";", name);
  return names;
}

std::string CanonicalRequest(const AwsRequest& request, std::string_view payload) {
  std::string text = absl::StrCat(request.method, "\n", request.path, "\n", EncodeQuery(request.query), "\n");
  for (const auto& [name, value] : request.headers) {
    absl::StrAppend(&text, name, ":", absl::StripAsciiWhitespace(value), "\n");
  }
  absl::StrAppend(&text, "\n", SignedHeaders(request), "\n", absl::string_view(payload.data(), payload.size()));
  return text;
}

}  // namespace

std::string UriEncode(std::string_view text, bool keep_slash) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash)) {
      encoded.push_back(c);
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      encoded.push_back('%');
      encoded.push_back(kDigits[byte >> 4]);
      encoded.push_back(kDigits[byte & 15]);
    }
  }
  return encoded;
}

std::string EncodeQuery(const std::map<std::string, std::string>& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    absl::StrAppend(&text, text.empty() ? "" : "&", UriEncode(name, false), "=", UriEncode(value, false));
  }
  return text;
}

std::string AwsSigner::Scope(absl::Time now) const { return absl::StrCat(Day(now), "/", region_, "/s3/aws4_request"); }

std::string AwsSigner::Signature(const AwsRequest& request, std::string_view payload, absl::Time now) const {
  const std::string text = absl::StrCat(absl::string_view(kAlgorithm.data(), kAlgorithm.size()), "\n", Second(now), "\n",
                                        Scope(now), "\n", Sha256Hex(CanonicalRequest(request, payload)));
  std::string key = Hmac("AWS4" + credentials_.secret_access_key, Day(now));
  for (const std::string_view part : {std::string_view(region_), std::string_view("s3"), std::string_view("aws4_request")}) {
    key = Hmac(key, part);
  }
  return Hex(Hmac(key, text));
}

void AwsSigner::Sign(AwsRequest& request, absl::Time now) const {
  request.headers["host"] = request.host;
  request.headers["x-amz-date"] = Second(now);
  request.headers["x-amz-content-sha256"] = request.payload_sha256;
  if (!credentials_.session_token.empty()) request.headers["x-amz-security-token"] = credentials_.session_token;
  const std::string signature = Signature(request, request.payload_sha256, now);
  request.headers["authorization"] =
      absl::StrCat(absl::string_view(kAlgorithm.data(), kAlgorithm.size()), " Credential=", credentials_.access_key_id, "/",
                   Scope(now), ",SignedHeaders=", SignedHeaders(request), ",Signature=", signature);
}

std::string AwsSigner::Presign(AwsRequest request, absl::Duration lifetime, absl::Time now) const {
  request.headers = {{"host", request.host}};
  request.query["X-Amz-Algorithm"] = std::string(kAlgorithm);
  request.query["X-Amz-Credential"] = absl::StrCat(credentials_.access_key_id, "/", Scope(now));
  request.query["X-Amz-Date"] = Second(now);
  request.query["X-Amz-Expires"] = absl::StrCat(absl::ToInt64Seconds(lifetime));
  request.query["X-Amz-SignedHeaders"] = SignedHeaders(request);
  if (!credentials_.session_token.empty()) request.query["X-Amz-Security-Token"] = credentials_.session_token;
  const std::string signature = Signature(request, "UNSIGNED-PAYLOAD", now);
  return absl::StrCat(EncodeQuery(request.query), "&X-Amz-Signature=", signature);
}

}  // namespace easel::storage
