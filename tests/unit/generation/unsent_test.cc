#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

// The first record reached the store, and this process was told that it could be neither written nor read: the order was
// refused, and nothing was sent. What the record says, that a request may have left, only this process knows better.
class UnsentTest : public ::testing::Test {
 protected:
  void Refuse(Process& process) {
    around_.store.FailWritesAfterApplying(1);
    around_.store.FailReads(1);
    const absl::Status refused = process.Start(Kitten()).status();
    ASSERT_EQ(ReasonOf(refused), "STORAGE_UNAVAILABLE");
    ASSERT_EQ(MetadataOf(ToRpcStatus(refused), "charge_state"), "NONE");
    ASSERT_EQ(around_.store.All().size(), 1U);
    name_ = around_.store.All()[0].generation().name();
  }
  void ExpectMade(const v1::Generation& generation) {
    EXPECT_EQ(generation.name(), name_);
    EXPECT_EQ(generation.state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(generation.charge().state(), v1::CHARGE_STATE_MADE);
    EXPECT_EQ(generation.charge().cost_micros(), 15'000);
    for (const v1::Attempt& attempt : generation.attempts()) {
      EXPECT_NE(attempt.charge().state(), v1::CHARGE_STATE_UNKNOWN) << attempt.code();
    }
  }

  Surroundings around_;
  std::string name_;
};

TEST_F(UnsentTest, WhoeverAsksForItHasItMadeOnceForOnePrice) {
  for (const bool queue_first : {false, true}) {
    for (const bool by_order : {true, false}) {
      SCOPED_TRACE(queue_first);
      const int before = around_.upstream.submissions();
      around_.store = {};
      around_.queue_first = queue_first;
      Process process(around_);
      Refuse(process);
      EXPECT_EQ(process.StateOf(name_), queue_first ? v1::GENERATION_STATE_QUEUED : v1::GENERATION_STATE_SUBMITTING);
      const auto watcher = by_order ? process.Start(Kitten()) : process.Watch("default", name_);
      ASSERT_TRUE(watcher.ok());
      process.RunToEnd();
      ExpectMade(process.Recorded(name_));
      EXPECT_EQ(around_.upstream.submissions() - before, 1);
      EXPECT_EQ(watcher->current()->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
      EXPECT_EQ(process.Recorded(name_).attempts_size(), queue_first ? 1 : 2);
    }
  }
}

TEST_F(UnsentTest, ManyWhoAskAtOnceHaveItMadeOnce) {
  Process process(around_);
  Refuse(process);
  std::vector<absl::StatusOr<Watcher>> answers;
  for (int i = 0; i < 20; ++i) process.StartLater(Kitten(), answers);
  ASSERT_TRUE(process.RunUntil([&] { return answers.size() == 20; }));
  process.RunToEnd();
  for (const auto& answer : answers) EXPECT_TRUE(answer.ok()) << answer.status();
  ExpectMade(process.Recorded(name_));
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(UnsentTest, AStoreThatStillFailsOnlyDelaysIt) {
  Process process(around_);
  Refuse(process);
  ASSERT_TRUE(process.Start(Kitten("another")).ok());
  process.RunToEnd();
  around_.store.on_write = [this](const Record& record) {
    if (record.generation().state() == v1::GENERATION_STATE_QUEUED) around_.store.FailWritesAfterApplying(3);
  };
  around_.store.FailReads(0);
  ASSERT_TRUE(process.Start(Kitten()).ok());
  process.RunToEnd();
  EXPECT_EQ(process.StateOf(name_), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(process.Recorded(name_).charge().cost_micros(), 15'000);
  EXPECT_EQ(around_.upstream.paid(), 2);
}

TEST_F(UnsentTest, HoursLaterThereIsTimeForARefusalYet) {
  Process process(around_);
  Refuse(process);
  process.RunFor(absl::Hours(5));
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, "1302", 429));
  ASSERT_TRUE(process.Start(Kitten()).ok());
  process.RunToEnd();
  EXPECT_EQ(process.StateOf(name_), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.paid(), 1);
}

TEST_F(UnsentTest, ItsCancelCostsNothing) {
  Process process(around_);
  Refuse(process);
  const auto cancelled = process.Cancel(name_, v1::CANCEL_POLICY_ABORT);
  ASSERT_TRUE(cancelled.ok());
  process.RunToEnd();
  EXPECT_EQ(process.StateOf(name_), v1::GENERATION_STATE_CANCELLED);
  EXPECT_EQ(process.Recorded(name_).charge().state(), v1::CHARGE_STATE_NONE);
  EXPECT_EQ(around_.upstream.submissions(), 0);
}

TEST_F(UnsentTest, WhatWasSentLaterAndLostIsUnknownLikeAnyOther) {
  {
    Process process(around_);
    Refuse(process);
    around_.store.DieBefore(v1::GENERATION_STATE_RENDERING);
    std::vector<absl::StatusOr<Watcher>> answers;
    process.StartLater(Kitten(), answers);
    ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
  }
  around_.store.Revive();
  Process next(around_);
  ASSERT_TRUE(next.Recover().ok());
  next.RunToEnd();
  EXPECT_EQ(ReasonOf(next.Recorded(name_).error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(next.Recorded(name_).charge().cost_micros(), 15'000);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(UnsentTest, AnotherProcessCannotKnowAndSendsNothing) {
  {
    Process process(around_);
    Refuse(process);
  }
  Process next(around_);
  ASSERT_TRUE(next.Recover().ok());
  next.RunToEnd();
  EXPECT_EQ(ReasonOf(next.Recorded(name_).error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(next.Recorded(name_).charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(around_.upstream.submissions(), 0);
}

}  // namespace
}  // namespace easel::generation
