#pragma once

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "rpc/call.h"
#include "rpc/messages.h"
#include "rpc/stream_reactor.h"

namespace easel::rpc {

// ByteWriter, of messages.
template <class Response>
class Writer {
 public:
  explicit Writer(ByteWriter& bytes) : bytes_(bytes) {}

  boost::asio::awaitable<bool> Write(const Response& response) {
    grpc::ByteBuffer encoded = Encode(response);
    co_return co_await bytes_.Write(std::move(encoded));
  }

  // ByteWriter::WriteAhead of a Response that is encoded already.
  boost::asio::awaitable<bool> WriteAhead(grpc::ByteBuffer encoded) { return bytes_.WriteAhead(std::move(encoded)); }

 private:
  ByteWriter& bytes_;
};

// Turns a streaming call over messages into a StreamBody.
template <auto kCall>
struct StreamCall;

template <class Request, class Response,
          boost::asio::awaitable<absl::Status> (*kCall)(Call&, Received<Request>, Writer<Response>)>
struct StreamCall<kCall> {
  static boost::asio::awaitable<absl::Status> Run(Call& call, const grpc::ByteBuffer& request, ByteWriter& bytes) {
    Received<Request> received;
    absl::Status decoded = Decode(request, received.message, received.violations);
    if (!decoded.ok()) co_return decoded;
    Writer<Response> writer(bytes);
    co_return co_await kCall(call, std::move(received), writer);
  }
};

}  // namespace easel::rpc
