#pragma once

#include <condition_variable>
#include <mutex>
#include <set>

#include "absl/time/time.h"

namespace grpc {
class ClientContext;
}

namespace easel::client {

// Ends running calls from another thread. Thread-safe; not to be used inside a signal handler. Once cancelled, it stays
// so. Must outlive every call that it was given to.
class Cancellation {
 public:
  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  void Cancel();
  bool cancelled() const;

  // Blocks for `duration` or until Cancel; true: the whole time passed.
  bool WaitFor(absl::Duration duration);

  // For calls: `context` is cancelled too while it is attached.
  void Attach(grpc::ClientContext* context);
  void Detach(grpc::ClientContext* context);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
  std::set<grpc::ClientContext*> contexts_;
};

}  // namespace easel::client
