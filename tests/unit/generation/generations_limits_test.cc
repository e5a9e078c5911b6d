#include <gmock/gmock.h>

#include "generation/error.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

class GenerationsLimitsTest : public ::testing::Test {
 protected:
  void Begin(CallerLimit limit) {
    around_.caller_limits = {{"default", std::move(limit)}};
    process_ = std::make_unique<Process>(around_);
  }
  // "" if it is accepted or known, else the reason.
  std::string Start(const std::string& request_id) {
    const auto started = process_->Start(Kitten(request_id));
    return started.ok() ? "" : ReasonOf(started.status());
  }

  Surroundings around_;
  std::unique_ptr<Process> process_;
};

TEST_F(GenerationsLimitsTest, ARefusalLeavesNothingBehindAndAKnownIdIsNeverRefused) {
  around_.upstream.poll_hold().Close();
  Begin({.max_in_flight = 1});
  EXPECT_EQ(Start("a"), "");
  process_->Settle();
  const int writes = around_.store.attempted_writes();
  EXPECT_EQ(Start("b"), "CALLER_LIMIT");
  EXPECT_EQ(around_.store.attempted_writes(), writes);
  EXPECT_EQ(Start("a"), "");
  around_.upstream.poll_hold().Open();
  process_->RunToEnd();
  EXPECT_EQ(Start("a"), "");
  EXPECT_EQ(Start("b"), "");
}

TEST_F(GenerationsLimitsTest, WhoeverSeesTheEndMayBeginTheNext) {
  Begin({.max_in_flight = 1});
  for (const char* id : {"a", "b", "c"}) {
    auto started = process_->Start(Kitten(id));
    ASSERT_TRUE(started.ok()) << started.status();
    Snapshot now = started->current();
    while (!HasEnded(*now)) now = process_->Next(*started, now->generation().revision(), absl::Hours(1));
  }
}

TEST_F(GenerationsLimitsTest, AKnownIdTakesNoStart) {
  Begin({.starts_per_minute = 2});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Start("a"), "");
  EXPECT_EQ(Start("b"), "");
  EXPECT_EQ(Start("c"), "CALLER_LIMIT");
  process_->RunToEnd();
  EXPECT_EQ(Start("a"), "");
}

TEST_F(GenerationsLimitsTest, WhatWaitsForAFullQueueTakesNoStart) {
  around_.limits = {.start = 1, .max = 1};
  around_.queue_max = 1;
  around_.upstream.poll_hold().Close();
  Begin({.starts_per_minute = 3});
  EXPECT_EQ(Start("a"), "");
  process_->Settle();
  EXPECT_EQ(Start("b"), "");
  process_->Settle();
  EXPECT_EQ(Start("c"), "QUEUE_FULL");
  EXPECT_EQ(Start("c"), "QUEUE_FULL");
  around_.upstream.poll_hold().Open();
  process_->RunToEnd();
  EXPECT_EQ(Start("c"), "");
}

TEST_F(GenerationsLimitsTest, ARestartKnowsWhatWasSpentAndWhatIsInFlight) {
  Begin({.max_in_flight = 2, .daily_budgets = {{"USD", 45'000}}});
  EXPECT_EQ(Start("a"), "");
  process_->RunToEnd();
  around_.upstream.poll_hold().Close();
  EXPECT_EQ(Start("b"), "");
  process_->Settle();
  process_ = std::make_unique<Process>(around_);
  ASSERT_TRUE(process_->Recover().ok());
  ASSERT_TRUE(process_->RememberSpending().ok());
  EXPECT_EQ(Start("c"), "");
  EXPECT_EQ(Start("d"), "CALLER_BUDGET");
  around_.upstream.poll_hold().Open();
  process_->RunToEnd();
  EXPECT_EQ(Start("d"), "CALLER_BUDGET");
  process_->RunFor(absl::Hours(24));
  EXPECT_EQ(Start("d"), "");
}

TEST_F(GenerationsLimitsTest, AFailureThatCostNothingIsNotSpent) {
  Begin({.daily_budgets = {{"USD", 15'000}}});
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  EXPECT_EQ(Start("a"), "");
  process_->RunToEnd();
  EXPECT_EQ(Start("b"), "");
  EXPECT_EQ(Start("c"), "CALLER_BUDGET");
}

}  // namespace
}  // namespace easel::generation
