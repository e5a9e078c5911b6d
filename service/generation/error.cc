#include "generation/error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"

namespace easel::generation {
namespace {

constexpr char kPayload[] = "type.googleapis.com/google.rpc.Status";
constexpr std::string_view kPrefix = "ERROR_REASON_";

google::protobuf::Duration ToProtoDuration(absl::Duration duration) {
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

// For a status that a store or a defect made, not this service's own errors.
v1::ErrorReason ReasonFor(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kAborted:
      return v1::ERROR_REASON_STORAGE_UNAVAILABLE;
    default:
      return v1::ERROR_REASON_INTERNAL;
  }
}

}  // namespace

absl::StatusCode CodeOf(v1::ErrorReason reason) {
  switch (reason) {
    case v1::ERROR_REASON_INVALID_REQUEST:
    case v1::ERROR_REASON_UPSTREAM_REJECTED:
      return absl::StatusCode::kInvalidArgument;
    case v1::ERROR_REASON_REQUEST_ID_CONFLICT:
      return absl::StatusCode::kAlreadyExists;
    case v1::ERROR_REASON_GENERATION_NOT_FOUND:
    case v1::ERROR_REASON_IMAGE_EXPIRED:
      return absl::StatusCode::kNotFound;
    case v1::ERROR_REASON_GENERATION_NOT_ENDED:
    case v1::ERROR_REASON_NO_IMAGE:
    case v1::ERROR_REASON_IMAGE_TOO_LARGE:
    case v1::ERROR_REASON_CONTENT_BLOCKED:
      return absl::StatusCode::kFailedPrecondition;
    case v1::ERROR_REASON_OFFSET_OUT_OF_RANGE:
      return absl::StatusCode::kOutOfRange;
    case v1::ERROR_REASON_GENERATION_CANCELLED:
      return absl::StatusCode::kCancelled;
    case v1::ERROR_REASON_IMAGE_LOST:
      return absl::StatusCode::kDataLoss;
    case v1::ERROR_REASON_CALLER_UNKNOWN:
      return absl::StatusCode::kUnauthenticated;
    case v1::ERROR_REASON_QUEUE_FULL:
    case v1::ERROR_REASON_CALLER_LIMIT:
    case v1::ERROR_REASON_CALLER_BUDGET:
    case v1::ERROR_REASON_REPLY_MEMORY_FULL:
    case v1::ERROR_REASON_UPSTREAM_QUOTA:
    case v1::ERROR_REASON_UPSTREAM_BUSY:
      return absl::StatusCode::kResourceExhausted;
    case v1::ERROR_REASON_DEADLINE_TOO_SHORT:
    case v1::ERROR_REASON_QUEUE_TIMEOUT:
    case v1::ERROR_REASON_UPSTREAM_TIMEOUT:
      return absl::StatusCode::kDeadlineExceeded;
    case v1::ERROR_REASON_SHUTTING_DOWN:
    case v1::ERROR_REASON_STORAGE_UNAVAILABLE:
    case v1::ERROR_REASON_UPSTREAM_OVERLOADED:
    case v1::ERROR_REASON_UPSTREAM_UNAVAILABLE:
      return absl::StatusCode::kUnavailable;
    case v1::ERROR_REASON_OUTCOME_UNKNOWN:
      return absl::StatusCode::kUnknown;
    default:
      return absl::StatusCode::kInternal;
  }
}

std::string_view ReasonName(v1::ErrorReason reason) {
  std::string_view name = v1::ErrorReason_Name(reason);
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  return name;
}

absl::Status ToStatus(const Error& error) {
  const absl::StatusCode code = CodeOf(error.reason);
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(code));
  rpc.set_message(error.message);

  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ReasonName(error.reason)));
  info.set_domain("easel");
  for (const auto& [key, value] : error.metadata) (*info.mutable_metadata())[key] = value;
  rpc.add_details()->PackFrom(info);

  if (!error.violations.empty()) {
    google::rpc::BadRequest bad;
    for (const Violation& violation : error.violations) {
      auto* field = bad.add_field_violations();
      field->set_field(violation.field);
      field->set_description(violation.description);
    }
    rpc.add_details()->PackFrom(bad);
  }
  if (error.retry_after) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = ToProtoDuration(*error.retry_after);
    rpc.add_details()->PackFrom(retry);
  }
  return FromRpcStatus(rpc);
}

absl::Status FromRpcStatus(const google::rpc::Status& rpc) {
  absl::Status status(static_cast<absl::StatusCode>(rpc.code()), rpc.message());
  status.SetPayload(kPayload, absl::Cord(rpc.SerializeAsString()));
  return status;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status rpc;
  if (status.ok()) return rpc;
  if (const auto payload = status.GetPayload(kPayload); payload && rpc.ParseFromString(std::string(*payload))) return rpc;
  // The details of a store's fault name paths, which are the operator's business: the log has them.
  const v1::ErrorReason reason = ReasonFor(status.code());
  Error error{.reason = reason, .message = "An internal fault; the service's log says more."};
  if (reason == v1::ERROR_REASON_STORAGE_UNAVAILABLE) {
    error.message = "The records or the images cannot be written or read at the moment; the service's log says why.";
    error.retry_after = absl::Seconds(5);
  }
  return ToRpcStatus(ToStatus(error));
}

std::string ReasonOf(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : status.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

void DescribeCharge(const v1::Charge& charge, std::map<std::string, std::string>& metadata) {
  std::string_view name = v1::ChargeState_Name(charge.state());
  constexpr std::string_view kCharge = "CHARGE_STATE_";
  if (name.starts_with(kCharge)) name.remove_prefix(kCharge.size());
  metadata["charge_state"] = std::string(name);
  metadata["cost_micros"] = std::to_string(charge.cost_micros());
  metadata["currency"] = charge.currency();
}

absl::Status InvalidRequest(std::vector<Violation> violations) {
  std::string message = "The request breaks the contract:";
  for (const Violation& violation : violations) {
    message.append(message.back() == ':' ? " " : "; ").append(violation.field).append(" ").append(violation.description);
  }
  return ToStatus({.reason = v1::ERROR_REASON_INVALID_REQUEST,
                   .message = std::move(message),
                   .metadata = {{"charge_state", "NONE"}, {"cost_micros", "0"}},
                   .violations = std::move(violations)});
}

absl::Status NotFound(std::string_view name) {
  return ToStatus({.reason = v1::ERROR_REASON_GENERATION_NOT_FOUND,
                   .message = "There is no generation '" + std::string(name.substr(0, 128)) +
                              "' of this caller's; ListGenerations shows what there is."});
}

}  // namespace easel::generation
