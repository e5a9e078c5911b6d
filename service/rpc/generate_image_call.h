#pragma once

#include <boost/asio/awaitable.hpp>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/statusor.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// Orders an image and answers with a serialized GenerateImageResponse when it is there. A caller that leaves before the
// end decides by its cancel_policy what becomes of the work.
boost::asio::awaitable<absl::StatusOr<grpc::ByteBuffer>> GenerateImage(Call& call,
                                                                      Received<v1::GenerateImageRequest> received);

}  // namespace easel::rpc
