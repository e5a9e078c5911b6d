#include "storage/remembering_generation_store.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "storage/memory_generation_store.h"
#include "tests/contract/loop.h"
#include "tests/contract/records.h"
#include "tests/fakes/gate.h"

namespace easel {
namespace {

using boost::asio::awaitable;
using generation::Record;
using generation::Snapshot;
using storage::RememberingGenerationStore;

// Writes that take effect at once and are answered when the gate opens; counts how often it is read.
class SlowStore final : public storage::MemoryGenerationStore {
 public:
  using MemoryGenerationStore::Update;
  awaitable<absl::Status> Update(Snapshot record, generation::Durability durability) override {
    absl::Status updated = co_await MemoryGenerationStore::Update(std::move(record), durability);
    co_await answers.Pass();
    co_return fails ? absl::UnavailableError("nobody knows") : updated;
  }
  awaitable<absl::Status> Remove(std::string_view name, std::int64_t revision) override {
    absl::Status removed = co_await MemoryGenerationStore::Remove(name, revision);
    co_await answers.Pass();
    co_return removed;
  }

  fakes::Gate answers;
  bool fails = false;
};

class Remembering : public testing::Test {
 protected:
  template <typename T>
  T Run(awaitable<T> work) {
    return loop_.Run(std::move(work));
  }

  // Until it waits at the gate.
  void Begin(awaitable<absl::Status> work) {
    boost::asio::co_spawn(loop_.context(), std::move(work), boost::asio::detached);
    loop_.context().restart();
    loop_.context().poll();
  }
  void GoOn() {
    slow_->answers.Open();
    loop_.context().restart();
    loop_.context().poll();
  }

  Record Ended(const Record& record) { return Next(record, v1::GENERATION_STATE_SUCCEEDED); }
  bool Knows(const Record& record) {
    const Snapshot by_name = store_.Remembered(record.generation().name());
    EXPECT_EQ(by_name, store_.Remembered(record.caller(), record.generation().request_id()));
    return by_name != nullptr;
  }

  Loop loop_;
  std::shared_ptr<SlowStore> slow_ = std::make_shared<SlowStore>();
  RememberingGenerationStore store_{slow_, 3};
  const Record first_ = MakeRecord(1);
};

TEST_F(Remembering, KnowsWhatEndedAndNothingElse) {
  ASSERT_TRUE(Run(store_.Reserve(first_)).ok());
  EXPECT_FALSE(Knows(first_));
  const Record submitting = Next(first_, v1::GENERATION_STATE_SUBMITTING);
  ASSERT_TRUE(Run(store_.Update(submitting)).ok());
  EXPECT_FALSE(Knows(first_));
  const Record ended = Ended(submitting);
  ASSERT_TRUE(Run(store_.Update(ended)).ok());
  ASSERT_TRUE(Knows(first_));
  EXPECT_EQ(store_.Remembered(ended.generation().name())->SerializeAsString(), ended.SerializeAsString());
  EXPECT_EQ(store_.Remembered("somebody", ended.generation().request_id()), nullptr);
}

TEST_F(Remembering, ForgetsWhenAnotherWriteBeginsAndNotWhenItIsAnswered) {
  ASSERT_TRUE(Run(store_.Reserve(first_)).ok());
  const Record ended = Ended(first_);
  ASSERT_TRUE(Run(store_.Update(ended)).ok());
  slow_->answers.Close();
  Begin(store_.Remove(ended.generation().name(), ended.generation().revision()));
  EXPECT_FALSE(Knows(first_));
  Loop other;
  EXPECT_TRUE(absl::IsNotFound(other.Run(store_.Get(ended.generation().name())).status()));
  GoOn();
  EXPECT_FALSE(Knows(first_));
}

TEST_F(Remembering, AnEndThatIsAnsweredAfterALaterWriteIsNotRemembered) {
  ASSERT_TRUE(Run(store_.Reserve(first_)).ok());
  const Record ended = Ended(first_);
  slow_->answers.Close();
  Begin(store_.Update(ended));
  Begin(store_.Remove(ended.generation().name(), ended.generation().revision()));
  GoOn();
  EXPECT_FALSE(Knows(first_));
  EXPECT_TRUE(absl::IsNotFound(Run(store_.Find(ended.caller(), ended.generation().request_id())).status()));
}

TEST_F(Remembering, AnEndWhoseOutcomeNobodyKnowsIsAskedForInTheStore) {
  ASSERT_TRUE(Run(store_.Reserve(first_)).ok());
  const Record ended = Ended(first_);
  slow_->fails = true;
  EXPECT_FALSE(Run(store_.Update(ended)).ok());
  EXPECT_FALSE(Knows(first_));
  EXPECT_EQ(Run(store_.Get(ended.generation().name()))->SerializeAsString(), ended.SerializeAsString());
}

TEST_F(Remembering, TheOldestGoWhenThereIsNoRoom) {
  for (int n = 1; n <= 5; ++n) {
    ASSERT_TRUE(Run(store_.Reserve(MakeRecord(n))).ok());
    ASSERT_TRUE(Run(store_.Update(Ended(MakeRecord(n)))).ok());
  }
  for (int n = 1; n <= 5; ++n) EXPECT_EQ(Knows(MakeRecord(n)), n > 2) << n;
}

}  // namespace
}  // namespace easel
