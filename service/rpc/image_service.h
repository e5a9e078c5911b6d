#pragma once

#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <grpcpp/impl/service_type.h>

#include "rpc/call.h"
#include "rpc/calls_in_flight.h"

namespace easel::rpc {

// easel.v1.ImageService over raw bytes: each call is handed, round robin, to one of `loops` (each of one thread), where it
// is decoded and runs as one coroutine. gRPC's own threads do no more than that. `calls` outlives the service; the loops
// run until every call has ended.
std::unique_ptr<grpc::Service> MakeImageService(Environment environment, CallsInFlight& calls,
                                                std::vector<boost::asio::any_io_executor> loops);

}  // namespace easel::rpc
