#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/time/clock.h"
#include "generation/ports/clock.h"

namespace easel::fakes {

// The machine's time, for tests that bring everything else themselves.
class RealClock final : public generation::Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }

  boost::asio::awaitable<void> Sleep(absl::Duration duration) override {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_after(absl::ToChronoNanoseconds(duration));
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
};

}  // namespace easel::fakes
