#include "storage/s3/s3_error.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "storage/s3/s3_xml.h"

namespace easel::storage {
namespace {

using upstream::HttpFailure;

// A code is a name such as "SlowDown"; nothing else goes on.
std::string CodeIn(std::string_view body) {
  std::string code = XmlText(body, "Error.Code");
  const bool plain = std::all_of(code.begin(), code.end(), [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
  return plain && code.size() <= 64 ? code : std::string();
}

std::string AdviceFor(int http_status) {
  if (http_status == 401 || http_status == 403) return "; check the credentials and what they may do in this bucket";
  if (http_status == 301 || http_status == 307 || http_status == 400) return "; check endpoint and region";
  return "";
}

}  // namespace

bool MayPass(const HttpFailure& failure) {
  return failure.kind != HttpFailure::Kind::kInvalid && failure.kind != HttpFailure::Kind::kTooLarge &&
         failure.kind != HttpFailure::Kind::kCancelled;
}

bool MayPass(int http_status) { return http_status >= 500 || http_status == 429 || http_status == 408; }

absl::Status S3Error(std::string_view what, const HttpFailure& failure) {
  return absl::UnavailableError(absl::StrCat("cannot ", std::string(what), ": ", failure.message));
}

absl::Status S3Error(std::string_view what, int http_status, std::string_view body) {
  const std::string code = CodeIn(body);
  const std::string text = absl::StrCat("cannot ", std::string(what), ": HTTP ", http_status, code.empty() ? "" : ", ", code,
                                        AdviceFor(http_status));
  if (http_status == 404 && code != "NoSuchBucket") return absl::NotFoundError(text);
  if (http_status == 507 || code == "QuotaExceeded" || code == "XMinioStorageFull") return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

}  // namespace easel::storage
