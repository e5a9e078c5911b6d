#include "easel/error.h"

#include <grpcpp/support/status.h>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"

namespace easel::client {
namespace {

using google::rpc::BadRequest;
using google::rpc::ErrorInfo;
using google::rpc::RetryInfo;

constexpr char kPayloadUrl[] = "type.googleapis.com/google.rpc.Status";

google::rpc::Status ProtoOf(const absl::Status& status) {
  google::rpc::Status proto;
  if (const auto payload = status.GetPayload(kPayloadUrl)) {
    if (proto.ParseFromString(std::string(*payload))) return proto;
  }
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(std::string(status.message()));
  return proto;
}

google::protobuf::Any* FindInfo(google::rpc::Status& proto) {
  for (google::protobuf::Any& detail : *proto.mutable_details()) {
    if (detail.Is<ErrorInfo>()) return &detail;
  }
  return nullptr;
}

// gRPC tells of a broken stream in three ways.
bool IsBrokenConnection(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) return true;
  if (status.error_code() == grpc::StatusCode::INTERNAL) return absl::StrContains(status.error_message(), "RST_STREAM");
  return status.error_code() == grpc::StatusCode::UNKNOWN && absl::StrContains(status.error_message(), "Stream removed");
}

const char* ReasonOf(const grpc::Status& status) {
  if (IsBrokenConnection(status)) return kUnreachable;
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return kDeadline;
  if (status.error_code() == grpc::StatusCode::CANCELLED) return kInterrupted;
  return kRpcFailed;
}

}  // namespace

Error::Error(const absl::Status& status) : code_(status.code()), proto_(ProtoOf(status)) {
  for (const google::protobuf::Any& detail : proto_.details()) {
    RetryInfo retry;
    BadRequest bad_request;
    if (detail.Is<ErrorInfo>()) {
      detail.UnpackTo(&info_);
    } else if (detail.UnpackTo(&retry)) {
      retry_delay_ = absl::Seconds(retry.retry_delay().seconds()) + absl::Nanoseconds(retry.retry_delay().nanos());
    } else if (detail.UnpackTo(&bad_request)) {
      violations_.insert(violations_.end(), bad_request.field_violations().begin(), bad_request.field_violations().end());
    }
  }
}

v1::ErrorReason Error::service_reason() const {
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (domain() == kServiceDomain) v1::ErrorReason_Parse("ERROR_REASON_" + info_.reason(), &reason);
  return reason;
}

std::string Error::Metadata(const std::string& key) const {
  const auto entry = info_.metadata().find(key);
  return entry == info_.metadata().end() ? "" : entry->second;
}

absl::Status ToStatus(const google::rpc::Status& proto) {
  absl::Status status(static_cast<absl::StatusCode>(proto.code()), proto.message());
  if (!status.ok()) status.SetPayload(kPayloadUrl, absl::Cord(proto.SerializeAsString()));
  return status;
}

absl::Status ClientError(absl::StatusCode code, const std::string& reason, const std::string& message) {
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(code));
  proto.set_message(message);
  ErrorInfo info;
  info.set_domain(kClientDomain);
  info.set_reason(reason);
  proto.add_details()->PackFrom(info);
  return ToStatus(proto);
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status proto;
  const bool detailed = proto.ParseFromString(status.error_details()) && proto.code() == status.error_code();
  if (detailed && FindInfo(proto) != nullptr) return ToStatus(proto);
  const auto code = IsBrokenConnection(status) ? absl::StatusCode::kUnavailable
                                               : static_cast<absl::StatusCode>(status.error_code());
  return ClientError(code, ReasonOf(status), status.error_message());
}

absl::Status WithMetadata(const absl::Status& status, const std::string& key, const std::string& value) {
  if (status.ok() || value.empty()) return status;
  google::rpc::Status proto = ProtoOf(status);
  google::protobuf::Any* detail = FindInfo(proto);
  if (detail == nullptr) return status;
  ErrorInfo info;
  detail->UnpackTo(&info);
  info.mutable_metadata()->insert({key, value});
  detail->PackFrom(info);
  return ToStatus(proto);
}

}  // namespace easel::client
