#include "easel/outcome.h"

#include "absl/strings/str_cat.h"
#include "easel/error.h"

namespace easel::client {
namespace {

google::rpc::Status Cancelled(const v1::Generation& generation) {
  google::rpc::ErrorInfo info;
  info.set_domain(kServiceDomain);
  info.set_reason("GENERATION_CANCELLED");
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(absl::StatusCode::kCancelled));
  proto.set_message(absl::StrCat(generation.name(), " was cancelled"));
  proto.add_details()->PackFrom(info);
  return proto;
}

}  // namespace

bool HasEnded(const v1::Generation& generation) {
  return generation.state() == v1::GENERATION_STATE_SUCCEEDED || generation.state() == v1::GENERATION_STATE_FAILED ||
         generation.state() == v1::GENERATION_STATE_CANCELLED;
}

absl::Status OutcomeOf(const v1::Generation& generation) {
  absl::Status status;
  if (generation.state() == v1::GENERATION_STATE_CANCELLED) status = ToStatus(Cancelled(generation));
  if (generation.state() == v1::GENERATION_STATE_FAILED) {
    status = ToStatus(generation.error());
    if (status.ok()) status = ClientError(absl::StatusCode::kInternal, kRpcFailed, "it failed without a reason");
  }
  return WithMetadata(status, "generation", generation.name());
}

}  // namespace easel::client
