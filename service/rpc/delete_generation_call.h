#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// Removes an ended generation of the caller's.
boost::asio::awaitable<absl::StatusOr<v1::DeleteGenerationResponse>> DeleteGeneration(
    Call& call, Received<v1::DeleteGenerationRequest> received);

}  // namespace easel::rpc
