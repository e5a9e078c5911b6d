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
  around_.queue_first = true;
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

TEST_F(StorageTest, NothingIsSubmittedWhereTheFirstRecordCannotBeWritten) {
  Process process(around_);
  around_.store.FailWrites(1);
  EXPECT_EQ(ReasonOf(process.Start(Kitten()).status()), "STORAGE_UNAVAILABLE");
  process.RunFor(absl::Hours(1));
  EXPECT_EQ(around_.upstream.submissions(), 0);
  EXPECT_TRUE(around_.store.All().empty());
}

TEST_F(StorageTest, EveryStepWaitsForTheStoreAndGoesOnWithWhatItHas) {
  for (const v1::GenerationState first : {v1::GENERATION_STATE_QUEUED, v1::GENERATION_STATE_SUBMITTING}) {
    for (int before = first; before < v1::GENERATION_STATE_SUCCEEDED; ++before) {
      SCOPED_TRACE(v1::GenerationState_Name(first) + " " + std::to_string(before));
      Surroundings around;
      around.queue_first = first == v1::GENERATION_STATE_QUEUED;
      Process process(around);
      // The step before has just been written: what is written next fails for a while.
      bool armed = false;
      around.store.on_write = [&](const Record& record) {
        if (record.generation().state() == before && !std::exchange(armed, true)) around.store.FailWrites(9);
      };
      const std::string name = Start(process);
      process.RunToEnd();
      EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
      EXPECT_EQ(process.Recorded(name).revision(), v1::GENERATION_STATE_SUCCEEDED - first + 1);
      EXPECT_EQ(around.upstream.paid(), 1);
      EXPECT_EQ(process.faults().size(), 9U);
    }
  }
}

TEST_F(StorageTest, ACommitThatWasReportedAsFailedAndAppliedIsRecognised) {
  for (const bool queue_first : {false, true}) {
    const int writes_in_all = queue_first ? 5 : 4;
    for (int failing = 1; failing <= writes_in_all; ++failing) {
      SCOPED_TRACE(failing);
      Surroundings around;
      around.queue_first = queue_first;
      Process process(around);
      int writes = 0;
      around.store.on_write = [&](const Record&) {
        if (++writes == failing - 1) around.store.FailWritesAfterApplying(1);
      };
      if (failing == 1) around.store.FailWritesAfterApplying(1);
      const std::string name = Start(process);
      process.RunToEnd();
      EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
      EXPECT_EQ(process.Recorded(name).revision(), writes_in_all);
      EXPECT_EQ(process.faults().size(), 1U);
      EXPECT_EQ(around.upstream.paid(), 1);
      EXPECT_EQ(around.upstream.submissions(), 1);
    }
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
  around_.queue_first = true;
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
