#pragma once

#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "rpc/call.h"

namespace easel::rpc {

// A unary call's coroutine over the bytes of request and response, both of which outlive it.
using UnaryBody = boost::asio::awaitable<absl::Status> (*)(Call& call, const grpc::ByteBuffer& request,
                                                           grpc::ByteBuffer& response);

// Runs a unary call as one coroutine on a loop. The coroutine's end is the one place that finishes the call; OnCancel only
// interrupts the coroutine. What it throws becomes INTERNAL. Deletes itself when gRPC is done with it.
class UnaryReactor final : public grpc::ServerUnaryReactor, private Call {
 public:
  // Any thread; returns at once.
  static UnaryReactor* Start(const Environment& environment, CallsInFlight& calls, std::string_view method,
                             grpc::CallbackServerContext& context, boost::asio::any_io_executor loop, UnaryBody body,
                             const grpc::ByteBuffer& request, grpc::ByteBuffer& response);

 private:
  using Call::Call;

  void Run(UnaryBody body, const grpc::ByteBuffer& request, grpc::ByteBuffer& response);

  void SendInitialMetadata() override { StartSendInitialMetadata(); }
  void OnCancel() override { interruption()->Interrupt(Interruption::Cause::kCallerGone); }
  void OnDone() override { delete this; }
  // No reaction does more than hand over, so gRPC need not run them on a thread of their own.
  bool InternalInlineable() override { return true; }
};

}  // namespace easel::rpc
