#include "rpc/endings.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "generation/error.h"
#include "google/rpc/error_details.pb.h"
#include "rpc/status.h"

namespace easel::rpc {
namespace {

std::map<std::string, std::string> Describe(const v1::Generation& generation) {
  std::map<std::string, std::string> metadata = {{"generation", generation.name()}};
  generation::DescribeCharge(generation.charge(), metadata);
  return metadata;
}

absl::Status Failure(const v1::Generation& generation) {
  google::rpc::Status error = generation.error();
  for (auto& detail : *error.mutable_details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    for (auto& [key, value] : Describe(generation)) info.mutable_metadata()->insert({key, value});
    detail.PackFrom(info);
  }
  return generation::FromRpcStatus(error);
}

absl::Status ShuttingDown(const v1::Generation& generation, bool repeatable) {
  const std::string goes_on = absl::StrCat("The service is shutting down. '", generation.name(),
                                           "' is recorded and goes on as soon as the service is back: ");
  generation::Error error{.reason = v1::ERROR_REASON_SHUTTING_DOWN,
                          .message = goes_on + "send the same request again.",
                          .metadata = Describe(generation)};
  if (repeatable) {
    error.retry_after = absl::Seconds(1);
    return generation::ToStatus(error);
  }
  // Without a request_id of the caller's a repeat would pay again, so no retry policy may take this for a transient fault.
  error.message = goes_on + "ask for it by name. Sending the request again would pay again, as it has no request_id.";
  google::rpc::Status status = generation::ToRpcStatus(generation::ToStatus(error));
  status.set_code(static_cast<int>(absl::StatusCode::kUnknown));
  return generation::FromRpcStatus(status);
}

}  // namespace

absl::Status EndOf(const generation::Record& record) {
  const v1::Generation& generation = record.generation();
  switch (generation.state()) {
    case v1::GENERATION_STATE_SUCCEEDED:
      return absl::OkStatus();
    case v1::GENERATION_STATE_CANCELLED:
      return generation::ToStatus({.reason = v1::ERROR_REASON_GENERATION_CANCELLED,
                                   .message = absl::StrCat("'", generation.name(), "' was cancelled."),
                                   .metadata = Describe(generation)});
    default:
      return Failure(generation);
  }
}

absl::Status AfterAcceptance(const absl::Status& status, bool repeatable) {
  if (repeatable || !absl::IsUnavailable(status)) return status;
  google::rpc::Status opaque = generation::ToRpcStatus(status);
  opaque.set_code(static_cast<int>(absl::StatusCode::kUnknown));
  return generation::FromRpcStatus(opaque);
}

absl::Status LeaveEarly(const Call& call, generation::Watcher& watcher, v1::CancelPolicy policy, bool repeatable) {
  if (call.shutting_down()) return ShuttingDown(watcher.current()->generation(), repeatable);
  watcher.Leave(policy);
  if (call.deadline() && *call.deadline() <= absl::Now()) {
    return PlainStatus(absl::StatusCode::kDeadlineExceeded, "The call's deadline has passed.");
  }
  return PlainStatus(absl::StatusCode::kCancelled, "The caller has gone.");
}

}  // namespace easel::rpc
