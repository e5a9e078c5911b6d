#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// With ABORT it answers when the work has stopped, unless the caller goes away before.
boost::asio::awaitable<absl::StatusOr<v1::CancelGenerationResponse>> CancelGeneration(
    Call& call, Received<v1::CancelGenerationRequest> received);

}  // namespace easel::rpc
