#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// One generation of the caller's, as it stands.
boost::asio::awaitable<absl::StatusOr<v1::GetGenerationResponse>> GetGeneration(
    Call& call, Received<v1::GetGenerationRequest> received);

}  // namespace easel::rpc
