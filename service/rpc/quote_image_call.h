#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// Checks a spec and names its price; spends and records nothing.
boost::asio::awaitable<absl::StatusOr<v1::QuoteImageResponse>> QuoteImage(
    Call& call, Received<v1::QuoteImageRequest> received);

}  // namespace easel::rpc
