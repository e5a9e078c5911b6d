#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "rpc/call.h"

namespace easel::rpc {

// The sending end of a stream, for its one coroutine.
class ByteWriter {
 public:
  virtual ~ByteWriter() = default;
  // Returns when gRPC takes the next message (buffered, not delivered), so a slow reader holds the coroutine back. False when
  // the peer has gone; every later write is false at once.
  virtual boost::asio::awaitable<bool> Write(grpc::ByteBuffer message) = 0;
  // The same, but only a few messages behind it hold the coroutine back: for pieces of something, which are worth the memory
  // because each wait costs a change of thread. True says nothing of this message.
  virtual boost::asio::awaitable<bool> WriteAhead(grpc::ByteBuffer message) = 0;
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

  using Writable = boost::asio::any_completion_handler<void(bool)>;

  void Run(StreamBody body, const grpc::ByteBuffer& request);
  boost::asio::awaitable<bool> Write(grpc::ByteBuffer message) override { return Send(std::move(message), 0, 0); }
  boost::asio::awaitable<bool> WriteAhead(grpc::ByteBuffer message) override { return Send(std::move(message), 3, 1); }
  // Returns at once with at most `most` unwritten messages, else when they have become `room`.
  boost::asio::awaitable<bool> Send(grpc::ByteBuffer message, std::size_t most, std::size_t room);
  void Await(Writable writable, std::size_t room);
  // Finishes when what waits is written.
  void End(grpc::Status status);

  void SendInitialMetadata() override { StartSendInitialMetadata(); }
  void OnWriteDone(bool ok) override;
  void OnCancel() override { interruption()->Interrupt(Interruption::Cause::kCallerGone); }
  void OnDone() override { delete this; }
  // No reaction does more than hand over, so gRPC need not run them on a thread of their own.
  bool InternalInlineable() override { return true; }

  absl::Mutex mutex_;
  // The first of them is being written.
  std::deque<grpc::ByteBuffer> outgoing_ ABSL_GUARDED_BY(mutex_);
  // Emplaced and never assigned: in Boost 1.81 the handler's assignment calls itself for ever.
  std::optional<Writable> writable_ ABSL_GUARDED_BY(mutex_);
  std::size_t room_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool peer_gone_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace easel::rpc
