#pragma once

#include <boost/asio/awaitable.hpp>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "rpc/call.h"

namespace easel::rpc {

// A call of a stranger's ends here.
inline boost::asio::awaitable<absl::Status> TurnAway(Call& call) { co_return call.identity().status(); }

// Body::Run, once it is known who calls: of a stranger's request not a byte is read. `Out` is where the answer goes.
template <class Body, class Out>
struct Guarded {
  static boost::asio::awaitable<absl::Status> Run(Call& call, const grpc::ByteBuffer& request, Out& out) {
    return call.identity().ok() ? Body::Run(call, request, out) : TurnAway(call);
  }
};

}  // namespace easel::rpc
