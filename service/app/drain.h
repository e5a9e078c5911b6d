#pragma once

#include <functional>

#include "absl/time/time.h"

namespace easel::app {

// SIGTERM, SIGINT and SIGHUP as values: blocked for the whole process, and waited for by one thread. To be made before any
// other thread, which inherits the block.
class Signals {
 public:
  Signals();

  enum class Wish { kNone, kReload, kEnd };

  // Waits for a signal for at most this long: kReload for SIGHUP.
  Wish Next(absl::Duration patience) const;

  // Waits for a signal that ends the process for at most this long; true: it came.
  bool WaitFor(absl::Duration patience) const;

  // From here on a signal ends the process where it stands, with exit code 0: it was asked to stop, and what it promised is
  // recorded.
  void EndAtOnce() const;
};

// Waits until `idle` says so, the grace period is over, or a second signal comes (false).
bool Drain(const Signals& signals, absl::Duration grace_period, const std::function<bool()>& idle);

}  // namespace easel::app
