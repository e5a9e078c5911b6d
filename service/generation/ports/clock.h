#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/time/time.h"

namespace easel::generation {

// Time as the domain sees it; a simulation brings its own. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual absl::Time Now() const = 0;

  // Waits on the calling coroutine's executor. Returns early, without an error, when the coroutine is cancelled.
  virtual boost::asio::awaitable<void> Sleep(absl::Duration duration) = 0;
};

}  // namespace easel::generation
