#pragma once

#include <functional>
#include <map>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/time/time.h"
#include "generation/ports/clock.h"

namespace easel::fakes {

// Time that stands still while there is anything to do, and then jumps to the next wake-up. For coroutines of one
// io_context, which one thread runs through RunUntil. May be older and outlive the io_context.
class SimulatedClock final : public generation::Clock {
 public:
  explicit SimulatedClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override { return now_; }
  // Strict about the port's contract: returns at once if the coroutine is cancelled already.
  boost::asio::awaitable<void> Sleep(absl::Duration duration) override;

  // Runs one handler after the other until `done`, moving time on whenever all wait. False: nobody waits for time any
  // more, or it goes round in circles.
  bool RunUntil(boost::asio::io_context& loop, const std::function<bool()>& done);
  // The same for this span of time.
  void RunFor(boost::asio::io_context& loop, absl::Duration duration);

 private:
  // Runs what is ready now; false: without end.
  bool RunReady(boost::asio::io_context& loop, const std::function<bool()>& done);
  void WakeUntil(absl::Time time);

  absl::Time now_;
  std::multimap<absl::Time, boost::asio::steady_timer*> sleepers_;
};

}  // namespace easel::fakes
