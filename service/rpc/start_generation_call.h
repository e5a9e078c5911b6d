#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// Accepts an order; the call's deadline is not the generation's.
boost::asio::awaitable<absl::StatusOr<v1::StartGenerationResponse>> StartGeneration(
    Call& call, Received<v1::StartGenerationRequest> received);

}  // namespace easel::rpc
