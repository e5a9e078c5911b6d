#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "easel/v1/image_service.pb.h"
#include "rpc/stream_call.h"

namespace easel::rpc {

// Every change of a generation from a revision on, until its end (see Follow). A FAILED one ends OK too.
boost::asio::awaitable<absl::Status> WatchGeneration(Call& call, Received<v1::WatchGenerationRequest> received,
                                                     Writer<v1::WatchGenerationResponse> writer);

}  // namespace easel::rpc
