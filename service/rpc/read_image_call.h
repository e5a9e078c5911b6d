#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/stream_call.h"

namespace easel::rpc {

// The kept bytes from an offset on.
boost::asio::awaitable<absl::Status> ReadImage(Call& call, Received<v1::ReadImageRequest> received,
                                               Writer<v1::ReadImageResponse> writer);

}  // namespace easel::rpc
