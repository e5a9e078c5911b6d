#pragma once

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/statusor.h"
#include "rpc/call.h"
#include "rpc/messages.h"

namespace easel::rpc {

// Turns a call over messages into a UnaryBody: decodes the request on the loop, and encodes the answer there.
template <auto kCall>
struct UnaryCall;

template <class Request, class Response,
          boost::asio::awaitable<absl::StatusOr<Response>> (*kCall)(Call&, Received<Request>)>
struct UnaryCall<kCall> {
  static boost::asio::awaitable<absl::Status> Run(Call& call, const grpc::ByteBuffer& request,
                                                  grpc::ByteBuffer& response) {
    Received<Request> received;
    absl::Status decoded = Decode(request, received.message, received.violations);
    if (!decoded.ok()) co_return decoded;
    absl::StatusOr<Response> answer = co_await kCall(call, std::move(received));
    if (!answer.ok()) co_return answer.status();
    response = Encode(*std::move(answer));
    co_return absl::OkStatus();
  }
};

}  // namespace easel::rpc
