#pragma once

#include <grpcpp/client_context.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "easel/core.h"

namespace easel::client {

// gRPC's context of one attempt, with Easel's metadata, the call's deadline and its cancellation. Belongs to the
// calling thread, on which it also dies: nothing of a call is left to gRPC's threads.
class CallContext {
 public:
  // `deadline` is on the core's clock. `cancellation` may be null.
  CallContext(const Core& core, absl::Time deadline, Cancellation* cancellation);
  ~CallContext();
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  grpc::ClientContext* get() { return &context_; }

  // The generation's name from the initial metadata, which must have arrived or failed to; empty: none was sent.
  std::string Generation() const;

  // What gRPC reported, naming the generation if it is known. CANCELLED that is not of this call's own cancellation is a
  // broken connection.
  absl::Status Result(const grpc::Status& status) const;

 private:
  grpc::ClientContext context_;
  Cancellation* const cancellation_;
};

}  // namespace easel::client
