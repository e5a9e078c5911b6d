#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "generation/ports/metrics.h"
#include "rpc/callers.h"
#include "rpc/calls_in_flight.h"
#include "rpc/interruption.h"

namespace easel::generation {
class Generations;
}

namespace easel::rpc {

class ReplyRoom;

// What every call works with. References outlive all calls.
struct Environment {
  generation::Generations& generations;
  generation::Metrics& metrics;
  // The longest silence of a stream. The contract promises 10 seconds; a message needs some time to arrive.
  absl::Duration heartbeat = absl::Seconds(8);
  // Told of every failure whose details are not for callers: for the log. Any thread.
  std::function<void(std::string_view method, const absl::Status& status)> on_fault = {};
  // Who may call. None, or an empty list: everybody, under the name that metadata easel-caller gives.
  const Callers* callers = nullptr;
  // For replies that hold an image whole. None: as many as are asked for.
  ReplyRoom* reply_room = nullptr;
  // How long a reply waits for room there.
  absl::Duration reply_patience = absl::Seconds(30);
};

// One RPC as its coroutine sees it, on the coroutine's loop. Lives until the coroutine has ended.
class Call {
 public:
  Call(const Environment& environment, CallsInFlight& calls, std::string_view method,
       grpc::CallbackServerContext& context, boost::asio::any_io_executor loop);
  virtual ~Call() = default;

  const Environment& environment() const { return environment_; }
  generation::Generations& generations() const { return environment_.generations; }

  // Who calls, by credentials, as of the call's arrival; nothing where none are needed. UNAUTHENTICATED: a stranger.
  const absl::StatusOr<std::optional<std::string>>& identity() const { return identity_; }

  // The first value of a metadata key; views into the call.
  std::optional<std::string_view> Metadata(std::string_view key) const;
  // None if the caller waits forever.
  std::optional<absl::Time> deadline() const;

  // True once the caller has gone or the server shuts down: whatever the coroutine awaits then ends early, once.
  bool interrupted() const { return interruption_->cause() != Interruption::Cause::kNone; }
  bool shutting_down() const { return interruption_->cause() == Interruption::Cause::kShutdown; }

  // Initial metadata "easel-generation": goes out with the first thing that is sent.
  void Announce(const std::string& generation_name);
  // Holds it until the last byte of the reply has left for the caller.
  void HoldUntilSent(std::shared_ptr<void> held) { held_ = std::move(held); }
  // Should the call fail, no gRPC library sends it again by itself.
  void ForbidRepetition() { repeatable_ = false; }
  // Sends initial metadata now. At most one time, before any message.
  virtual void SendInitialMetadata() = 0;

 protected:
  const std::shared_ptr<Interruption>& interruption() const { return interruption_; }

  // The end of the call, before Finish: counts it, and says with what to finish. `type` is "unary" or "server_stream".
  grpc::Status Conclude(std::string_view type, std::exception_ptr thrown, const absl::Status& status);

 private:
  const Environment& environment_;
  CallsInFlight& calls_;
  const std::string_view method_;
  grpc::CallbackServerContext& context_;
  const absl::Time arrival_;
  const absl::StatusOr<std::optional<std::string>> identity_;
  const std::shared_ptr<Interruption> interruption_;
  std::shared_ptr<void> held_;
  bool repeatable_ = true;
};

}  // namespace easel::rpc
