#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// A page of the caller's generations, newest first.
boost::asio::awaitable<absl::StatusOr<v1::ListGenerationsResponse>> ListGenerations(
    Call& call, Received<v1::ListGenerationsRequest> received);

}  // namespace easel::rpc
