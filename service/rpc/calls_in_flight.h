#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "absl/time/time.h"
#include "rpc/interruption.h"

namespace easel::rpc {

// Every call between its arrival and its end, so that a shutdown can end them all: a gRPC server waits for each call's
// Finish, even of those that were cancelled. Thread-safe.
class CallsInFlight {
 public:
  void Add(std::shared_ptr<Interruption> call);
  void Remove(const std::shared_ptr<Interruption>& call);

  // Interrupts all calls, and from here on each new one as it arrives.
  void ShutDown();

  std::size_t count() const;

  // When the last one arrived; long ago if none did.
  absl::Time last_arrival() const;

  // Returns when there is none, at `deadline` at the latest.
  void AwaitNone(absl::Time deadline) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable left_;
  std::unordered_set<std::shared_ptr<Interruption>> calls_;
  bool shut_down_ = false;
  absl::Time last_arrival_ = absl::InfinitePast();
};

}  // namespace easel::rpc
