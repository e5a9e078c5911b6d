#include <atomic>
#include <memory>
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
constexpr int kCallers = 12;
constexpr int kRounds = 25;

class NoLinks final : public ImageLinks {
 public:
  Link LinkTo(const Record&) const override { return {"https://easel.test/image", absl::FromUnixSeconds(2'000'000'000)}; }
};

asio::awaitable<Snapshot> End(Watcher& watcher) {
  Snapshot now = watcher.current();
  while (!HasEnded(*now)) now = co_await watcher.Next(now->generation().revision(), absl::Seconds(10));
  co_return now;
}

// Makes the same picture as everybody else, reads it, and deletes it while others make it.
asio::awaitable<void> MakeReadDelete(Generations& generations, int caller, std::atomic<int>& open) {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (int round = 0; round < kRounds; ++round) {
    Order order;
    order.caller = "caller-" + std::to_string(caller);
    order.spec.set_prompt("a kitten");
    const std::string owner = order.caller;
    absl::StatusOr<Watcher> watcher = co_await generations.Start(std::move(order));
    if (!watcher.ok()) {
      ADD_FAILURE() << watcher.status();
      break;
    }
    const Snapshot end = co_await End(*watcher);
    EXPECT_EQ(end->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
    auto reader = co_await generations.OpenImage(end);
    EXPECT_TRUE(reader.ok()) << reader.status();
    const bool delete_first = (caller + round) % 2 == 0;
    if (!delete_first) reader = absl::CancelledError();
    const absl::Status deleted = co_await generations.Delete(owner, end->generation().name());
    EXPECT_TRUE(deleted.ok()) << deleted;
    if (reader.ok()) {
      const auto bytes = co_await (*reader)->Read(0, 10'000);
      EXPECT_EQ(bytes.ok() ? bytes->size() : 0, 2000U);
    }
  }
  --open;
}

struct Loops {
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  std::vector<asio::any_io_executor> executors;

  Loops() {
    for (int i = 0; i < kLoops; ++i) {
      contexts.push_back(std::make_unique<asio::io_context>(1));
      executors.push_back(contexts.back()->get_executor());
    }
  }
  template <typename Condition>
  void RunWhile(Condition condition) {
    std::vector<std::thread> threads;
    for (auto& loop : contexts) {
      threads.emplace_back([&] {
        const auto work = asio::make_work_guard(*loop);
        while (condition()) loop->run_one_for(std::chrono::milliseconds(2));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
};

TEST(RetentionStressTest, NobodyRemovesBytesThatAnotherHasJustKeptOrReads) {
  Loops loops;
  const Catalog catalog(Host::kZai);
  storage::MemoryGenerationStore store;
  storage::MemoryImageStore images;
  fakes::FakeImageModel upstream(fakes::PngOf(1280, 1280, 2000));
  fakes::RealClock clock;
  NoLinks links;
  Metrics metrics;
  History history;
  std::atomic<std::uint64_t> random = 0;
  const auto bits = [&random] { return ++random * 0x9E3779B97F4A7C15U; };
  Admission admission(1000, {.start = 8, .max = 16}, {&upstream}, {"glm-image", "cogview-4-250304"}, clock, metrics, bits,
                      loops.executors[0]);
  Pacing pacing;
  pacing.poll_first = pacing.poll_interval = absl::Microseconds(100);
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
                           .pacing = pacing,
                           .rejects_duplicates = false,
                           .on_end = [](const Record&) {},
                           .on_fault = [](const absl::Status& fault) { ADD_FAILURE() << fault; },
                           .max_kept_bytes = 1 << 30},  // never too much, but looked at every second
                          loops.executors);
  std::atomic<int> open = kCallers;
  generations.StartRetention();
  for (int i = 0; i < kCallers; ++i) {
    asio::co_spawn(loops.executors[static_cast<std::size_t>(i % kLoops)], MakeReadDelete(generations, i, open), asio::detached);
  }
  loops.RunWhile([&] { return open > 0 || generations.Running() > 0; });
  // What could not go while it was read goes with a later sweep.
  std::atomic<bool> left = true;
  asio::co_spawn(
      loops.executors[0],
      [](ImageStore& kept, Clock& time, std::atomic<bool>& anything) -> asio::awaitable<void> {
        while (true) {
          const auto digests = co_await kept.List("", 1);
          if (digests->empty()) break;
          co_await time.Sleep(absl::Milliseconds(20));
        }
        anything = false;
      }(images, clock, left),
      asio::detached);
  const absl::Time patience = absl::Now() + absl::Minutes(1);
  loops.RunWhile([&] { return left && absl::Now() < patience; });
  EXPECT_FALSE(left);
  generations.Suspend();
  loops.RunWhile([&] { return !generations.AwaitIdle(absl::ZeroDuration()); });
  for (auto& loop : loops.contexts) loop.reset();
}

}  // namespace
}  // namespace easel::generation
