#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/stream_call.h"

namespace easel::rpc {

// As GenerateImage, with every change of state on the way, and the image in pieces if it is wanted inline.
boost::asio::awaitable<absl::Status> StreamGenerateImage(Call& call, Received<v1::StreamGenerateImageRequest> received,
                                                         Writer<v1::StreamGenerateImageResponse> writer);

}  // namespace easel::rpc
