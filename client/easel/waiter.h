#pragma once

#include "absl/time/time.h"
#include "easel/cancellation.h"

namespace easel::client {

// The client's clock and its patience; tests bring their own. Thread-safe.
class Waiter {
 public:
  virtual ~Waiter() = default;

  virtual absl::Time Now() = 0;

  // Blocks the calling thread. False: `cancellation` (which may be null) ended the wait.
  virtual bool Wait(absl::Duration duration, Cancellation* cancellation) = 0;
};

// The real one. Lives as long as the process.
Waiter& SystemWaiter();

}  // namespace easel::client
