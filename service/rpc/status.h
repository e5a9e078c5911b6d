#pragma once

#include <string_view>

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace easel::rpc {

// What goes over the wire: the code, the message, and the whole google.rpc.Status as details. gRPC's clients take 8 KiB of
// metadata, so a message or a list of violations that is too long is cut.
grpc::Status ToGrpcStatus(const absl::Status& status);

// "OK", "NotFound": as Prometheus' dashboards for gRPC spell the codes.
std::string_view CodeName(grpc::StatusCode code);

// A plain status of this code, without a reason: for callers that have gone.
absl::Status PlainStatus(absl::StatusCode code, std::string_view message);

}  // namespace easel::rpc
