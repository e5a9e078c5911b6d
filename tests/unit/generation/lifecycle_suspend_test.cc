#include <gtest/gtest.h>

#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

// A shutdown while the generation stands in one state, and the next process on the same stores.
class SuspendTest : public ::testing::Test {
 protected:
  fakes::Hold& HoldOf(v1::GenerationState state) {
    if (state == v1::GENERATION_STATE_SUBMITTING) return around_.upstream.submit_hold();
    if (state == v1::GENERATION_STATE_RENDERING) return around_.upstream.poll_hold();
    return around_.upstream.fetch_hold();
  }
  void SuspendIn(v1::GenerationState state) {
    HoldOf(state).Close();
    Process process(around_);
    auto started = process.Start(Kitten());
    name_ = started->current()->generation().name();
    ASSERT_TRUE(process.RunUntil([&] { return HoldOf(state).waiting() == 1; }));
    before_ = around_.store.Kept(name_)->SerializeAsString();
    ASSERT_EQ(process.StateOf(name_), state);
    process.generations().StopTaking();
    process.generations().Suspend();
    process.Settle();
    EXPECT_EQ(process.generations().Running(), 0);
    EXPECT_EQ(HoldOf(state).waiting(), 0);
    HoldOf(state).Open();
  }
  v1::Generation GoOn() {
    Process process(around_);
    EXPECT_TRUE(process.Recover().ok());
    process.RunToEnd();
    return process.Recorded(name_);
  }

  Surroundings around_;
  std::string name_;
  std::string before_;
};

TEST_F(SuspendTest, WhatRendersOrIsFetchedStaysAsItIsAndTheNextProcessGoesOn) {
  for (const v1::GenerationState state : {v1::GENERATION_STATE_RENDERING, v1::GENERATION_STATE_FETCHING}) {
    around_.store = {};
    SuspendIn(state);
    EXPECT_EQ(around_.store.Kept(name_)->SerializeAsString(), before_);
    EXPECT_EQ(GoOn().state(), v1::GENERATION_STATE_SUCCEEDED);
  }
  EXPECT_EQ(around_.upstream.paid(), 2);
}

TEST_F(SuspendTest, APostThatMayHaveBeenTakenStaysAsItIsAndItsOutcomeIsUnknown) {
  SuspendIn(v1::GENERATION_STATE_SUBMITTING);
  EXPECT_EQ(around_.store.Kept(name_)->SerializeAsString(), before_);
  EXPECT_EQ(GoOn().charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(SuspendTest, APostThatDidNotLeaveIsQueuedAgainAndSentByTheNextProcess) {
  around_.upstream.set_taken_when_cancelled(Taken::kNo);
  SuspendIn(v1::GENERATION_STATE_SUBMITTING);
  EXPECT_EQ(around_.store.Kept(name_)->generation().state(), v1::GENERATION_STATE_QUEUED);
  EXPECT_EQ(GoOn().state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(SuspendTest, WhatIsQueuedStaysQueuedAndTheNextProcessTakesItUp) {
  around_.limits = {.start = 0, .max = 0};
  {
    Process process(around_);
    auto started = process.Start(Kitten());
    name_ = started->current()->generation().name();
    process.Settle();
    process.generations().Suspend();
    process.Settle();
    EXPECT_EQ(process.generations().Running(), 0);
    EXPECT_EQ(process.StateOf(name_), v1::GENERATION_STATE_QUEUED);
    EXPECT_EQ(process.Recorded(name_).revision(), 1);
  }
  around_.limits = {.start = 2, .max = 2};
  EXPECT_EQ(GoOn().state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(SuspendTest, AtEveryMomentItStopsAndNothingIsPaidTwiceOrLost) {
  for (int handlers = 0; handlers < 60; ++handlers) {
    SCOPED_TRACE(handlers);
    Surroundings around;
    std::string name;
    {
      Process process(around);
      auto started = process.Start(Kitten());
      name = started->current()->generation().name();
      int left = handlers;
      process.RunUntil([&] { return left-- <= 0; });
      process.generations().StopTaking();
      process.generations().Suspend();
      process.RunToEnd();
    }
    Process next(around);
    ASSERT_TRUE(next.Recover().ok());
    next.RunToEnd();
    EXPECT_EQ(around.upstream.paid(), 1);
    EXPECT_EQ(next.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
  }
}

TEST_F(SuspendTest, AStoreThatFailsDoesNotKeepAShutdownWaiting) {
  around_.upstream.poll_hold().Close();
  Process process(around_);
  auto started = process.Start(Kitten());
  ASSERT_TRUE(process.RunUntil([&] { return around_.upstream.poll_hold().waiting() == 1; }));
  around_.store.FailWrites(1'000'000);
  around_.upstream.poll_hold().Open();
  process.RunFor(absl::Minutes(2));
  ASSERT_EQ(process.generations().Running(), 1);
  process.generations().Suspend();
  process.Settle();
  EXPECT_EQ(process.generations().Running(), 0);
}

TEST_F(SuspendTest, AnOrderThatIsAcceptedAtThatMomentIsSuspendedToo) {
  Process process(around_);
  std::vector<absl::StatusOr<Watcher>> answers;
  process.StartLater(Kitten(), answers);
  process.RunUntil([&] { return around_.store.attempted_writes() == 1; });
  process.generations().Suspend();
  process.Settle();
  EXPECT_EQ(process.generations().Running(), 0);
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0].ok());
  EXPECT_EQ(around_.upstream.submissions(), 0);
  // It was recorded as SUBMITTING, and the next process must not take it for lost.
  name_ = answers[0]->current()->generation().name();
  EXPECT_EQ(process.StateOf(name_), v1::GENERATION_STATE_QUEUED);
  EXPECT_EQ(GoOn().charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

}  // namespace
}  // namespace easel::generation
