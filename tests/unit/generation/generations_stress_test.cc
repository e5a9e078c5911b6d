#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "generation/generations.h"
#include "storage/memory_generation_store.h"
#include "storage/memory_image_store.h"
#include "tests/fakes/fake_image_model.h"
#include "tests/fakes/real_clock.h"

namespace easel::generation {
namespace {

namespace asio = boost::asio;

constexpr int kLoops = 3;
constexpr int kCalls = 240;
constexpr int kRequests = 40;

class NoLinks final : public ImageLinks {
 public:
  Link LinkTo(const Record&) const override { return {"https://easel.test/image", absl::FromUnixSeconds(2'000'000'000)}; }
};

// What all calls saw, on every thread.
struct Seen {
  std::mutex mutex;
  std::set<std::string> names;
  int succeeded = 0;
  int cancelled = 0;
  std::atomic<int> open = kCalls;
};

// A call of one of the RPCs' kinds: it waits for its end, cancels it, or goes away.
asio::awaitable<void> Call(Generations& generations, int number, Seen& seen) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Order order;
  order.caller = "default";
  order.spec.set_prompt("a kitten");
  order.request_id = "request-" + std::to_string(number % kRequests);
  absl::StatusOr<Watcher> watcher = co_await generations.Start(std::move(order));
  if (watcher.ok()) {
    Snapshot now = watcher->current();
    const std::string name = now->generation().name();
    if (number % 11 == 0) watcher->Leave(v1::CANCEL_POLICY_ABORT);
    if (number % 7 == 0) {
      const auto policy = number % 2 == 0 ? v1::CANCEL_POLICY_ABORT : v1::CANCEL_POLICY_FINISH_AND_KEEP;
      const absl::StatusOr<Snapshot> cancelled = co_await generations.Cancel("default", name, policy);
      EXPECT_TRUE(cancelled.ok()) << cancelled.status();
    } else if (number % 11 != 0) {
      while (!HasEnded(*now)) {
        const std::int64_t revision = now->generation().revision();
        now = co_await watcher->Next(revision, absl::Seconds(10));
        EXPECT_GE(now->generation().revision(), revision);
        generations.Show(*now);
      }
      const std::lock_guard lock(seen.mutex);
      seen.succeeded += now->generation().state() == v1::GENERATION_STATE_SUCCEEDED ? 1 : 0;
      seen.cancelled += now->generation().state() == v1::GENERATION_STATE_CANCELLED ? 1 : 0;
    }
    const std::lock_guard lock(seen.mutex);
    seen.names.insert(name);
  } else {
    ADD_FAILURE() << watcher.status();
  }
  watcher = absl::CancelledError();
  --seen.open;
}

TEST(GenerationsStressTest, CallsOfManyThreadsShareGenerationsAndAllOfThemEnd) {
  std::vector<std::unique_ptr<asio::io_context>> loops;
  std::vector<asio::any_io_executor> executors;
  for (int i = 0; i < kLoops; ++i) {
    loops.push_back(std::make_unique<asio::io_context>(1));
    executors.push_back(loops.back()->get_executor());
  }
  const Catalog catalog(Host::kZai);
  storage::MemoryGenerationStore store;
  storage::MemoryImageStore images;
  fakes::FakeImageModel upstream(fakes::PngOf(1280, 1280, 2000));
  fakes::RealClock clock;
  NoLinks links;
  Metrics metrics;
  History history;
  std::atomic<std::uint64_t> random = 0;
  std::atomic<int> ends = 0;
  const auto bits = [&random] { return ++random * 0x9E3779B97F4A7C15U; };
  Admission admission(1000, {.start = 4, .max = 8}, {&upstream}, {"glm-image", "cogview-4-250304"}, clock, metrics, bits,
                      executors[0]);
  Generations generations({.catalog = catalog,
                           .store = store,
                           .images = images,
                           .links = links,
                           .models = {&upstream},
                           .admission = admission,
                           .history = history,
                           .clock = clock,
                           .metrics = metrics,
                           .random = bits,
                           .pacing = {},
                           .rejects_duplicates = false,
                           .on_end = [&ends](const Record&) { ++ends; },
                           .on_fault = [](const absl::Status& fault) { ADD_FAILURE() << fault; }},
                          executors);
  Seen seen;
  for (int i = 0; i < kCalls; ++i) {
    asio::co_spawn(executors[static_cast<std::size_t>(i % kLoops)], Call(generations, i, seen), asio::detached);
  }
  std::vector<std::thread> threads;
  for (auto& loop : loops) {
    threads.emplace_back([&] {
      const auto work = asio::make_work_guard(*loop);
      while (seen.open > 0 || generations.Running() > 0) loop->run_one_for(std::chrono::milliseconds(5));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen.names.size(), static_cast<std::size_t>(kRequests));
  EXPECT_GT(seen.succeeded, 0);
  EXPECT_GE(ends, kRequests);
  // A repeat of what was cancelled for nothing starts again; what cost something never does.
  EXPECT_LE(upstream.submissions(), ends);
  for (auto& loop : loops) loop.reset();
}

}  // namespace
}  // namespace easel::generation
