#include "tests/bench/call_status.h"

#include <string_view>

#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace easel::bench {
namespace {

std::string_view ViewOf(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}

std::string ReasonIn(std::string_view details) {
  google::rpc::Status status;
  if (!status.ParseFromArray(details.data(), static_cast<int>(details.size()))) return {};
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return {};
}

}  // namespace

Outcome FailureOf(grpc_status_code status, const grpc_slice& details, const grpc_metadata_array& trailing) {
  Outcome outcome;
  outcome.error = google::rpc::Code_Name(static_cast<google::rpc::Code>(status));
  outcome.message = ViewOf(details);
  for (std::size_t i = 0; i < trailing.count; ++i) {
    const grpc_metadata& entry = trailing.metadata[i];
    if (ViewOf(entry.key) != "grpc-status-details-bin") continue;
    if (const std::string reason = ReasonIn(ViewOf(entry.value)); !reason.empty()) outcome.error += " " + reason;
  }
  return outcome;
}

}  // namespace easel::bench
