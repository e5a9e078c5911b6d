#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "generation/admission.h"
#include "tests/fakes/real_clock.h"
#include "tests/fakes/scripted_image_model.h"

namespace easel::generation {
namespace {

namespace asio = boost::asio;

constexpr int kLoops = 3;
constexpr int kGenerations = 400;
constexpr int kLimit = 4;

// What happens to all who wait, counted on every thread.
struct Tally {
  std::atomic<int> at_work = 0;
  std::atomic<int> most_at_work = 0;
  std::atomic<int> served = 0;
  std::atomic<int> left = 0;
  std::atomic<int> open = kGenerations;
};

asio::awaitable<void> Visit(Admission& admission, int number, Tally& tally) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Admission::Entry entry{.name = std::to_string(number),
                         .caller = "caller-" + std::to_string(number % 7),
                         .model = "glm-image",
                         .until = absl::InfiniteFuture()};
  absl::StatusOr<Admission::Place> place = admission.Promise(entry.model);
  auto turn = co_await admission.Wait(std::move(entry), *std::move(place));
  if (turn) {
    const int now = ++tally.at_work;
    int most = tally.most_at_work;
    while (most < now && !tally.most_at_work.compare_exchange_weak(most, now)) {
    }
    for (int i = 0; i < number % 5; ++i) co_await asio::post(asio::use_awaitable);
    turn->Report(Governor::Answer::kOther);
    --tally.at_work;
    ++tally.served;
    turn.reset();
  } else {
    ++tally.left;
  }
  --tally.open;
}

// Every wait on any thread ends, by a turn or by cancellation: a lost wake-up would hang this test.
TEST(AdmissionStressTest, NobodyIsForgottenBetweenManyThreads) {
  fakes::RealClock clock;
  fakes::ScriptedImageModel first("00000001");
  fakes::ScriptedImageModel second("00000002");
  Metrics metrics;
  std::vector<std::unique_ptr<asio::io_context>> loops;
  for (int i = 0; i < kLoops; ++i) loops.push_back(std::make_unique<asio::io_context>(1));
  Admission admission(kGenerations, {.start = kLimit / 2, .max = kLimit / 2}, {&first, &second}, {"glm-image"}, clock,
                      metrics, [] { return std::uint64_t{0}; }, loops[0]->get_executor());
  Tally tally;
  std::vector<std::unique_ptr<asio::cancellation_signal>> signals;
  for (int i = 0; i < kGenerations; ++i) {
    asio::io_context& loop = *loops[static_cast<std::size_t>(i % kLoops)];
    signals.push_back(std::make_unique<asio::cancellation_signal>());
    asio::co_spawn(loop, Visit(admission, i, tally), asio::bind_cancellation_slot(signals.back()->slot(), asio::detached));
    // Every ninth changes its mind while it waits, or just before or after its turn.
    if (i % 9 == 0) {
      asio::post(loop, [signal = signals.back().get()] { signal->emit(asio::cancellation_type::terminal); });
    }
  }
  std::vector<std::thread> threads;
  for (auto& loop : loops) {
    threads.emplace_back([&loop, &tally] {
      const auto work = asio::make_work_guard(*loop);
      while (tally.open > 0) loop->run_one_for(std::chrono::milliseconds(5));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tally.served + tally.left, kGenerations);
  EXPECT_GE(tally.served, kGenerations - kGenerations / 9 - 1);
  EXPECT_LE(tally.most_at_work, kLimit);
  for (auto& loop : loops) loop.reset();
}

}  // namespace
}  // namespace easel::generation
