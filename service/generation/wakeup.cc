#include "generation/wakeup.h"

#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace easel::generation {

namespace asio = boost::asio;

void Wakeup::Notify() {
  asio::dispatch(timer_.get_executor(), [self = shared_from_this()] {
    self->notified_ = true;
    self->timer_.cancel();
  });
}

asio::awaitable<void> Wakeup::Wait(absl::Duration patience) {
  const auto self = shared_from_this();
  if (!notified_) {
    if (patience == absl::InfiniteDuration()) {
      timer_.expires_at(asio::steady_timer::time_point::max());
    } else {
      timer_.expires_after(absl::ToChronoNanoseconds(patience));
    }
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  notified_ = false;
}

}  // namespace easel::generation
