#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;

class StorageTest : public ::testing::Test {
 protected:
  std::string Start(Process& process, Order order = Kitten()) {
    auto started = process.Start(std::move(order));
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    return started->current()->generation().name();
  }

  Surroundings around_;
};

TEST_F(StorageTest, NothingIsSubmittedBeforeThatIsRecorded) {
  Process process(around_);
  const std::string name = Start(process);
  around_.store.FailWrites(7);
  bool recorded = false;
  around_.store.on_write = [&](const Record& record) {
    if (record.generation().state() == v1::GENERATION_STATE_SUBMITTING) {
      EXPECT_EQ(around_.upstream.submissions(), 0);
      recorded = true;
    }
  };
  process.RunToEnd();
  EXPECT_TRUE(recorded);
  EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(process.faults().size(), 7U);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(StorageTest, EveryStepWaitsForTheStoreAndGoesOnWithWhatItHas) {
  for (const v1::GenerationState step : {v1::GENERATION_STATE_SUBMITTING, v1::GENERATION_STATE_RENDERING,
                                         v1::GENERATION_STATE_FETCHING, v1::GENERATION_STATE_SUCCEEDED}) {
    SCOPED_TRACE(v1::GenerationState_Name(step));
    Surroundings around;
    Process process(around);
    const std::string name = Start(process);
    // The step before has just been written: what is written next fails for a while.
    bool armed = false;
    around.store.on_write = [&](const Record& record) {
      if (record.generation().state() + 1 == step && !std::exchange(armed, true)) around.store.FailWrites(9);
    };
    if (step == v1::GENERATION_STATE_SUBMITTING) around.store.FailWrites(9);
    process.RunToEnd();
    EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(process.Recorded(name).revision(), 5);
    EXPECT_EQ(around.upstream.paid(), 1);
    EXPECT_EQ(process.faults().size(), 9U);
  }
}

TEST_F(StorageTest, ACommitThatWasReportedAsFailedAndAppliedIsRecognised) {
  for (int step = 0; step < 4; ++step) {
    SCOPED_TRACE(step);
    Surroundings around;
    Process process(around);
    const std::string name = Start(process);
    int writes = 0;
    if (step == 0) around.store.FailWritesAfterApplying(1);
    around.store.on_write = [&](const Record&) {
      if (++writes == step) around.store.FailWritesAfterApplying(1);
    };
    process.RunToEnd();
    EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(process.Recorded(name).revision(), 5);
    EXPECT_EQ(around.upstream.paid(), 1);
    EXPECT_EQ(around.upstream.submissions(), 1);
  }
}

TEST_F(StorageTest, EvenIfTheQuestionWhetherItWasAppliedFailsForAWhile) {
  Process process(around_);
  const std::string name = Start(process);
  around_.store.FailWritesAfterApplying(1);
  around_.store.FailReads(3);
  process.RunToEnd();
  EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(StorageTest, ARecordThatSomebodyElseHasChangedIsLeftAlone) {
  around_.upstream.poll_hold().Close();
  Process process(around_);
  const std::string name = Start(process);
  ASSERT_TRUE(process.RunUntil([&] { return around_.upstream.poll_hold().waiting() == 1; }));
  Record taken = *around_.store.Kept(name);
  taken.mutable_generation()->set_revision(40);
  around_.store.Overwrite(taken);
  around_.upstream.poll_hold().Open();
  process.RunToEnd();
  EXPECT_EQ(around_.store.Kept(name)->SerializeAsString(), taken.SerializeAsString());
  EXPECT_EQ(around_.upstream.fetches(), 0);
  EXPECT_FALSE(process.faults().empty());
}

TEST_F(StorageTest, ADamagedStoreStopsTheWorkInsteadOfAskingItForEver) {
  Process process(around_);
  const std::string name = Start(process);
  around_.store.FailWrites(1'000'000, absl::DataLossError("database disk image is malformed"));
  process.RunToEnd();
  EXPECT_EQ(around_.upstream.submissions(), 0);
  EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_QUEUED);
}

TEST_F(StorageTest, AnOrderThatCannotBeRecordedIsRefusedAndCanBeRepeated) {
  Process process(around_);
  around_.store.FailAll(1);
  const auto refused = process.Start(Kitten());
  EXPECT_EQ(ReasonOf(refused.status()), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(process.generations().Running(), 0);
  const std::string name = Start(process);
  process.RunToEnd();
  EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(StorageTest, AnOrderWhoseImageCouldNotBeKeptIsRefusedBeforeItCosts) {
  Process process(around_);
  const std::string known = Start(process);
  process.RunToEnd();
  around_.images.FailChecks(2);
  EXPECT_EQ(ReasonOf(process.Start(Kitten("kitten-2")).status()), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(around_.store.All().size(), 1U);
  EXPECT_EQ(Start(process), known) << "an id that is known is never refused";
  EXPECT_EQ(process.faults().size(), 1U);
  EXPECT_TRUE(process.Start(Kitten("kitten-2")).ok());
  process.RunToEnd();
  EXPECT_EQ(around_.upstream.submissions(), 2);
}

TEST_F(StorageTest, AReservationThatWasAppliedAndReportedAsFailedIsAccepted) {
  Process process(around_);
  around_.store.FailWritesAfterApplying(1);
  const std::string name = Start(process);
  process.RunToEnd();
  EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.store.All().size(), 1U);
}

TEST_F(StorageTest, AReservationThatNobodyKnowsOfIsCarriedOnByWhoeverAsksForIt) {
  for (const bool by_order : {true, false}) {
    Surroundings around;
    Process process(around);
    around.store.FailWritesAfterApplying(1);
    around.store.FailReads(1);
    ASSERT_FALSE(process.Start(Kitten()).ok());
    ASSERT_EQ(around.store.All().size(), 1U);
    const std::string name = around.store.All()[0].generation().name();
    const auto watcher = by_order ? process.Start(Kitten()) : process.Watch("default", name);
    ASSERT_TRUE(watcher.ok());
    EXPECT_EQ(watcher->current()->generation().name(), name);
    process.RunToEnd();
    EXPECT_EQ(watcher->current()->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(around.upstream.paid(), 1);
  }
}

TEST_F(StorageTest, AnAbortIsRecordedWithPausesWhileTheStoreFails) {
  around_.upstream.poll_hold().Close();
  Process process(around_);
  const std::string name = Start(process);
  ASSERT_TRUE(process.RunUntil([&] { return around_.upstream.poll_hold().waiting() == 1; }));
  around_.store.FailWrites(10);
  const absl::Time began = around_.clock.Now();
  const auto cancelled = process.Cancel(name, v1::CANCEL_POLICY_ABORT);
  ASSERT_TRUE(cancelled.ok());
  EXPECT_EQ((*cancelled)->generation().state(), v1::GENERATION_STATE_CANCELLED);
  EXPECT_GE(around_.clock.Now() - began, absl::Seconds(30));
}

}  // namespace
}  // namespace easel::generation
