#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "generation/generations.h"
#include "generation/ids.h"
#include "generation/time.h"
#include "storage/memory_generation_store.h"
#include "storage/memory_image_store.h"
#include "tests/fakes/fake_image_model.h"
#include "tests/fakes/real_clock.h"

namespace easel::generation {
namespace {

namespace asio = boost::asio;

constexpr int kLoops = 4;
constexpr int kQueued = 60;

class NoLinks final : public ImageLinks {
 public:
  Link LinkTo(const Record&) const override { return {"https://easel.test/image", absl::FromUnixSeconds(2'000'000'000)}; }
};

// Remembers in which order the prompts came.
class Remembering final : public ImageModel {
 public:
  std::vector<std::string> prompts() {
    const std::lock_guard lock(mutex_);
    return prompts_;
  }
  const std::string& upstream() const override { return model_.upstream(); }
  const std::string& key_fingerprint() const override { return model_.key_fingerprint(); }
  bool UsesTasks(const v1::ImageSpec& spec) const override { return model_.UsesTasks(spec); }
  asio::awaitable<Submission> Submit(const v1::ImageSpec& spec, SubmitIds ids) override {
    {
      const std::lock_guard lock(mutex_);
      prompts_.push_back(spec.prompt());
    }
    co_return co_await model_.Submit(spec, ids);
  }
  asio::awaitable<PollResult> Poll(std::string_view task_id) override { return model_.Poll(task_id); }
  asio::awaitable<Fetched> Fetch(std::string_view url, ByteSink& sink) override { return model_.Fetch(url, sink); }

 private:
  fakes::FakeImageModel model_{fakes::PngOf(1280, 1280, 2000)};
  std::mutex mutex_;
  std::vector<std::string> prompts_;
};

Record Queued(int number, const Catalog& catalog, absl::Time now) {
  Record record;
  record.set_caller("anna");
  v1::Generation& generation = *record.mutable_generation();
  generation.set_name(NewName(now + absl::Milliseconds(number), [] { return std::uint64_t{0}; }));
  *generation.mutable_create_time() = ToProto(now + absl::Milliseconds(number));
  generation.set_request_id("request-" + std::to_string(number));
  generation.mutable_spec()->set_prompt(std::to_string(number));
  *generation.mutable_spec() = catalog.Resolve(generation.spec());
  generation.set_state(v1::GENERATION_STATE_QUEUED);
  generation.set_revision(1);
  for (auto* until : {record.mutable_retry_until(), record.mutable_queue_until()}) *until = ToProto(now + absl::Hours(1));
  return record;
}

TEST(RecoveryOrderTest, WhatWaitedLeavesInItsOrderWhicheverLoopsItComesBackOn) {
  std::vector<std::unique_ptr<asio::io_context>> loops;
  std::vector<asio::any_io_executor> executors;
  for (int i = 0; i < kLoops; ++i) {
    loops.push_back(std::make_unique<asio::io_context>(1));
    executors.push_back(loops.back()->get_executor());
  }
  const Catalog catalog(Host::kZai);
  storage::MemoryGenerationStore store;
  storage::MemoryImageStore images;
  Remembering upstream;
  fakes::RealClock clock;
  NoLinks links;
  Metrics metrics;
  History history;
  const auto bits = [] { return std::uint64_t{512}; };
  Admission admission(1000, {.start = 1, .max = 1}, {&upstream}, {"glm-image"}, clock, metrics, bits, executors[0]);
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
                           .on_end = [](const Record&) {},
                           .on_fault = [](const absl::Status& fault) { ADD_FAILURE() << fault; }},
                          executors);
  asio::io_context setup;
  const auto fill = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < kQueued; ++i) {
      Record record = Queued(i, catalog, clock.Now());
      const auto reserved = co_await store.Reserve(std::move(record));
      EXPECT_TRUE(reserved.ok() && reserved->inserted);
    }
    const absl::Status recovered = co_await generations.Recover();
    EXPECT_TRUE(recovered.ok()) << recovered;
  };
  asio::co_spawn(setup, fill, asio::detached);
  std::vector<std::thread> threads;
  setup.run();
  // The last loops first: without care the youngest would come to the queue before the oldest.
  for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) {
    threads.emplace_back([&generations, &running = **loop] {
      while (generations.Running() > 0) running.run_one_for(std::chrono::milliseconds(5));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> expected;
  for (int i = 0; i < kQueued; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(upstream.prompts(), expected);
  for (auto& loop : loops) loop.reset();
}

}  // namespace
}  // namespace easel::generation
