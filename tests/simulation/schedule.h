#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/time/time.h"
#include "generation/ports/clock.h"

namespace easel::simulation {

// Simulated time, and what is to happen in it: coroutines that go on, and events of the world outside. Events of the world
// survive the process; a coroutine that is destroyed is forgotten. No two things happen at the same moment, so nothing
// depends on which of two equals comes first. For one thread.
class Schedule final : public generation::Clock {
 public:
  explicit Schedule(absl::Time now) : now_(now) {}

  absl::Time Now() const override { return now_; }
  boost::asio::awaitable<void> Sleep(absl::Duration duration) override;

  // As Sleep, but goes on sleeping when the coroutine is cancelled.
  boost::asio::awaitable<void> Pause(absl::Duration duration);

  void At(absl::Time time, std::function<void()> event);
  void After(absl::Duration duration, std::function<void()> event) { At(now_ + duration, std::move(event)); }

  bool empty() const { return things_.empty(); }
  // Moves time on to the next thing and does it; a coroutine gets ready on its loop. There is one.
  void Next();

 private:
  using Key = std::pair<absl::Time, std::uint64_t>;
  struct Thing {
    boost::asio::steady_timer* sleeper = nullptr;
    std::function<void()> event = nullptr;
  };
  // A coroutine's entry, for as long as it sleeps.
  class Bed;
  Key Add(absl::Time time, Thing thing);

  absl::Time now_;
  std::uint64_t added_ = 0;
  std::map<Key, Thing> things_;
};

}  // namespace easel::simulation
