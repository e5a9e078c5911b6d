#include "tests/fakes/simulated_clock.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace easel::fakes {

namespace asio = boost::asio;

namespace {

constexpr int kWithoutEnd = 200'000;

}  // namespace

asio::awaitable<void> SimulatedClock::Sleep(absl::Duration duration) {
  if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  struct Bed {
    ~Bed() {
      const auto it = std::find_if(sleepers.begin(), sleepers.end(), [this](const auto& entry) { return entry.second == &timer; });
      if (it != sleepers.end()) sleepers.erase(it);
    }
    std::multimap<absl::Time, asio::steady_timer*>& sleepers;
    asio::steady_timer& timer;
  } bed{sleepers_, timer};
  sleepers_.emplace(now_ + std::max(duration, absl::ZeroDuration()), &timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

bool SimulatedClock::RunReady(asio::io_context& loop, const std::function<bool()>& done) {
  for (int step = 0; step < kWithoutEnd; ++step) {
    loop.restart();
    if (done() || loop.poll_one() == 0) return true;
  }
  return false;
}

void SimulatedClock::WakeUntil(absl::Time time) {
  now_ = std::max(now_, time);
  while (!sleepers_.empty() && sleepers_.begin()->first <= now_) {
    sleepers_.begin()->second->cancel();
    sleepers_.erase(sleepers_.begin());
  }
}

bool SimulatedClock::RunUntil(asio::io_context& loop, const std::function<bool()>& done) {
  for (int wake = 0; wake < kWithoutEnd; ++wake) {
    if (!RunReady(loop, done)) return false;
    if (done()) return true;
    if (sleepers_.empty() || sleepers_.begin()->first == absl::InfiniteFuture()) return false;
    WakeUntil(sleepers_.begin()->first);
  }
  return false;
}

void SimulatedClock::RunFor(asio::io_context& loop, absl::Duration duration) {
  const absl::Time end = now_ + duration;
  const auto never = [] { return false; };
  while (RunReady(loop, never) && !sleepers_.empty() && sleepers_.begin()->first <= end) {
    WakeUntil(sleepers_.begin()->first);
  }
  now_ = end;
}

}  // namespace easel::fakes
