#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// The catalog.
boost::asio::awaitable<absl::StatusOr<v1::ListModelsResponse>> ListModels(
    Call& call, Received<v1::ListModelsRequest> received);

}  // namespace easel::rpc
