#include "app/system_clock.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace easel::app {

namespace asio = boost::asio;

asio::awaitable<void> SystemClock::Sleep(absl::Duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(absl::ToChronoNanoseconds(duration));
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace easel::app
