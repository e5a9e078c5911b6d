#include "cli/exit_code.h"

#include <map>

#include "easel/error.h"

namespace easel::cli {
namespace {

// A reason that is not here goes by its status code.
const std::map<v1::ErrorReason, ExitCode>& ByReason() {
  static const std::map<v1::ErrorReason, ExitCode> codes = {
      {v1::ERROR_REASON_INVALID_REQUEST, kBadInput},
      {v1::ERROR_REASON_REQUEST_ID_CONFLICT, kBadInput},
      {v1::ERROR_REASON_GENERATION_NOT_FOUND, kNotFound},
      {v1::ERROR_REASON_GENERATION_NOT_ENDED, kTryAgainLater},
      {v1::ERROR_REASON_NO_IMAGE, kOther},
      {v1::ERROR_REASON_IMAGE_TOO_LARGE, kOther},
      {v1::ERROR_REASON_OFFSET_OUT_OF_RANGE, kBadInput},
      {v1::ERROR_REASON_GENERATION_CANCELLED, kOther},
      {v1::ERROR_REASON_IMAGE_LOST, kOther},
      {v1::ERROR_REASON_IMAGE_EXPIRED, kNotFound},
      {v1::ERROR_REASON_CALLER_UNKNOWN, kOther},
      {v1::ERROR_REASON_QUEUE_FULL, kTryAgainLater},
      {v1::ERROR_REASON_CALLER_LIMIT, kTryAgainLater},
      {v1::ERROR_REASON_CALLER_BUDGET, kQuota},
      {v1::ERROR_REASON_REPLY_MEMORY_FULL, kTryAgainLater},
      {v1::ERROR_REASON_DEADLINE_TOO_SHORT, kTryAgainLater},
      {v1::ERROR_REASON_QUEUE_TIMEOUT, kTryAgainLater},
      {v1::ERROR_REASON_SHUTTING_DOWN, kTryAgainLater},
      {v1::ERROR_REASON_STORAGE_UNAVAILABLE, kTryAgainLater},
      {v1::ERROR_REASON_UPSTREAM_REJECTED, kBadInput},
      {v1::ERROR_REASON_CONTENT_BLOCKED, kContentBlocked},
      {v1::ERROR_REASON_UPSTREAM_CREDENTIALS, kOther},
      {v1::ERROR_REASON_UPSTREAM_QUOTA, kQuota},
      {v1::ERROR_REASON_UPSTREAM_BUSY, kTryAgainLater},
      {v1::ERROR_REASON_UPSTREAM_OVERLOADED, kTryAgainLater},
      {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, kTryAgainLater},
      {v1::ERROR_REASON_OUTCOME_UNKNOWN, kOutcomeUnknown},
      {v1::ERROR_REASON_UPSTREAM_DEFECT, kOther},
      {v1::ERROR_REASON_UPSTREAM_TIMEOUT, kOther},
      {v1::ERROR_REASON_IMAGE_INVALID, kOther},
      {v1::ERROR_REASON_IMAGE_UNAVAILABLE, kOther},
      {v1::ERROR_REASON_INTERNAL, kOther},
  };
  return codes;
}

ExitCode ByStatusCode(const client::Error& error) {
  const bool from_service = error.domain() == client::kServiceDomain;
  switch (error.code()) {
    case absl::StatusCode::kOk:
      return kDone;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kAlreadyExists:
      return kBadInput;
    case absl::StatusCode::kNotFound:
      return error.reason() == client::kFile ? kBadInput : kNotFound;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kTryAgainLater;
    case absl::StatusCode::kResourceExhausted:
      if (!from_service) return kOther;
      return error.retry_delay() ? kTryAgainLater : kQuota;
    case absl::StatusCode::kUnknown:
      return from_service ? kOutcomeUnknown : kOther;
    default:
      return kOther;
  }
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  const client::Error error(status);
  const auto known = ByReason().find(error.service_reason());
  return known == ByReason().end() ? ByStatusCode(error) : known->second;
}

}  // namespace easel::cli
