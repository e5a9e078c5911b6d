#include "tests/fakes/gate.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace easel::fakes {

namespace asio = boost::asio;

void Gate::Close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

void Gate::Open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  for (auto& timer : std::exchange(waiters_, {})) {
    asio::post(timer->get_executor(), [timer] { timer->expires_at(asio::steady_timer::time_point::min()); });
  }
}

int Gate::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(waiters_.size());
}

asio::awaitable<bool> Gate::Pass() {
  auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                    asio::steady_timer::time_point::max());
  {
    const std::lock_guard lock(mutex_);
    if (open_) co_return true;
    waiters_.push_back(timer);
  }
  co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
  const std::lock_guard lock(mutex_);
  // Still listed: it was not Open that ended the wait.
  co_return std::erase(waiters_, timer) == 0;
}

}  // namespace easel::fakes
