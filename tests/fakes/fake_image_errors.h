#pragma once

#include <grpcpp/support/status.h>

#include <map>
#include <string>

#include "easel/v1/error.pb.h"
#include "google/rpc/status.pb.h"

namespace easel::fakes {

// The error that the service would send for `reason`, with the status code that error.proto gives it, RetryInfo (10 ms)
// where error.proto has one, and two violations for INVALID_REQUEST.
google::rpc::Status ErrorFor(v1::ErrorReason reason, const std::map<std::string, std::string>& metadata = {});

// Changes the delay of the RetryInfo in `error`.
void SetRetryDelay(google::rpc::Status& error, int seconds);

grpc::Status ToGrpc(const google::rpc::Status& error);

}  // namespace easel::fakes
