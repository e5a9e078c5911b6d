#include "upstream/zai/error_classes.h"

#include <charconv>
#include <iterator>

namespace easel::upstream {
namespace {

using generation::Taken;

// The published tables of both hosts: codes from `first` to `last`.
struct CodeRange {
  int first;
  int last;
  ErrorClass error_class;
};

constexpr CodeRange kCodes[] = {
    {1000, 1005, ErrorClass::kCredentials},
    {1100, 1112, ErrorClass::kCredentials},
    {1113, 1113, ErrorClass::kQuota},
    {1120, 1120, ErrorClass::kUnavailable},
    {1121, 1121, ErrorClass::kCredentials},
    {1200, 1200, ErrorClass::kUnavailable},
    {1210, 1215, ErrorClass::kRejected},
    {1220, 1220, ErrorClass::kCredentials},
    {1221, 1222, ErrorClass::kRejected},
    {1230, 1230, ErrorClass::kUnavailable},
    {1231, 1231, ErrorClass::kDuplicate},
    {1234, 1234, ErrorClass::kUnavailable},
    {1261, 1261, ErrorClass::kRejected},
    {1300, 1301, ErrorClass::kBlocked},
    {1302, 1303, ErrorClass::kBusy},
    {1304, 1304, ErrorClass::kQuota},
    {1305, 1305, ErrorClass::kOverloaded},
    {1308, 1311, ErrorClass::kQuota},
    {1312, 1312, ErrorClass::kOverloaded},
    {1313, 1321, ErrorClass::kQuota},
};

constexpr ErrorMeaning kMeanings[] = {
    {v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo, false, "the upstream refused the request"},
    {v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, false,
     "the upstream's content filter refused the prompt or the image; another wording may pass"},
    {v1::ERROR_REASON_UPSTREAM_CREDENTIALS, Taken::kNo, false,
     "the upstream does not accept Easel's own key; its operator must check key and account"},
    {v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, false,
     "balance, plan or quota at the upstream is used up; Easel's operator must act"},
    {v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, true, "the upstream's rate or concurrency limit is reached"},
    {v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kNo, true, "the upstream is overloaded; this can last minutes"},
    {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, true, "the upstream failed before it took the work"},
    {v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, false,
     "the request left and no answer says whether it was taken; it may have been charged"},
    {v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kYes, false,
     "the upstream has this request already, and its result is not known here"},
    {v1::ERROR_REASON_UPSTREAM_DEFECT, Taken::kUnknown, false, "the upstream reported success without an image"},
};

static_assert(std::size(kMeanings) == static_cast<std::size_t>(ErrorClass::kDefect) + 1);

}  // namespace

std::optional<ErrorClass> ClassOfCode(std::string_view code) {
  int number = 0;
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
  if (error != std::errc() || end != code.data() + code.size()) return std::nullopt;
  for (const CodeRange& range : kCodes) {
    if (number >= range.first && number <= range.last) return range.error_class;
  }
  return std::nullopt;
}

ErrorClass ClassOfStatus(int status, bool has_code) {
  if (status == 401 || status == 403 || status == 434) return ErrorClass::kCredentials;
  if (status == 429) return ErrorClass::kBusy;
  // 407: a proxy on the way; 3xx: the base URL points beside the API.
  if (status == 407 || (status >= 300 && status < 400)) return ErrorClass::kUnavailable;
  if (status == 408 || status == 409) return ErrorClass::kAmbiguous;
  if (status >= 400 && status < 500) return ErrorClass::kRejected;
  if ((status == 500 || status == 503) && has_code) return ErrorClass::kUnavailable;
  if (status >= 200 && status < 300) return ErrorClass::kDefect;
  return ErrorClass::kAmbiguous;
}

const ErrorMeaning& MeaningOf(ErrorClass error_class) { return kMeanings[static_cast<std::size_t>(error_class)]; }

}  // namespace easel::upstream
