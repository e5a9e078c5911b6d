#include "tests/simulation/schedule.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace easel::simulation {

namespace asio = boost::asio;
using asio::awaitable;

class Schedule::Bed {
 public:
  Bed(Schedule& schedule, absl::Duration duration, asio::steady_timer& timer)
      : schedule_(schedule),
        key_(schedule.Add(schedule.now_ + std::max(duration, absl::ZeroDuration()), {.sleeper = &timer})) {}
  Bed(const Bed&) = delete;
  Bed& operator=(const Bed&) = delete;
  ~Bed() { schedule_.things_.erase(key_); }

  bool due() const { return !schedule_.things_.contains(key_); }

 private:
  Schedule& schedule_;
  const Key key_;
};

awaitable<void> Schedule::Sleep(absl::Duration duration) {
  if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  const Bed bed(*this, duration, timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

awaitable<void> Schedule::Pause(absl::Duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  const Bed bed(*this, duration, timer);
  while (!bed.due()) co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

void Schedule::At(absl::Time time, std::function<void()> event) { Add(time, {.event = std::move(event)}); }

Schedule::Key Schedule::Add(absl::Time time, Thing thing) {
  const Key key{time, ++added_};
  things_.emplace(key, std::move(thing));
  return key;
}

void Schedule::Next() {
  auto node = things_.extract(things_.begin());
  now_ = std::max(node.key().first, now_ + absl::Nanoseconds(1));
  Thing& thing = node.mapped();
  if (thing.sleeper != nullptr) {
    thing.sleeper->cancel();
  } else {
    thing.event();
  }
}

}  // namespace easel::simulation
