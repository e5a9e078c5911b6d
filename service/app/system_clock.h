#pragma once

#include "absl/time/clock.h"
#include "generation/ports/clock.h"

namespace easel::app {

// The machine's clock.
class SystemClock : public generation::Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
  boost::asio::awaitable<void> Sleep(absl::Duration duration) override;
};

}  // namespace easel::app
