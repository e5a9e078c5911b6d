#pragma once

#include <optional>
#include <string_view>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "rpc/call.h"

namespace easel::rpc {

// The sending end of a stream, for its one coroutine.
class ByteWriter {
 public:
  virtual ~ByteWriter() = default;
  // Returns when gRPC takes the next message (buffered, not delivered): one write is in flight, so a slow reader holds the
  // coroutine back. False when the peer has gone; every later write is false at once.
  virtual boost::asio::awaitable<bool> Write(grpc::ByteBuffer message) = 0;
};

// A server-streaming call's coroutine over the bytes of the request, which outlives it.
using StreamBody = boost::asio::awaitable<absl::Status> (*)(Call& call, const grpc::ByteBuffer& request,
                                                            ByteWriter& writer);

// As UnaryReactor, for a stream of answers.
class StreamReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, private Call, private ByteWriter {
 public:
  // Any thread; returns at once.
  static StreamReactor* Start(const Environment& environment, CallsInFlight& calls, std::string_view method,
                              grpc::CallbackServerContext& context, boost::asio::any_io_executor loop, StreamBody body,
                              const grpc::ByteBuffer& request);

 private:
  using Call::Call;

  void Run(StreamBody body, const grpc::ByteBuffer& request);
  boost::asio::awaitable<bool> Write(grpc::ByteBuffer message) override;

  void SendInitialMetadata() override { StartSendInitialMetadata(); }
  void OnWriteDone(bool ok) override;
  void OnCancel() override { interruption()->Interrupt(Interruption::Cause::kCallerGone); }
  void OnDone() override { delete this; }
  // No reaction does more than hand over, so gRPC need not run them on a thread of their own.
  bool InternalInlineable() override { return true; }

  // Set by the coroutine before a write starts, taken by the reaction that ends it.
  // Emplaced and never assigned: in Boost 1.81 the handler's assignment calls itself for ever.
  std::optional<boost::asio::any_completion_handler<void(bool)>> write_done_;
  grpc::ByteBuffer outgoing_;
  bool peer_gone_ = false;
};

}  // namespace easel::rpc
