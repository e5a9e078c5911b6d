#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

class PollTest : public ::testing::Test {
 protected:
  v1::Generation Run() {
    Process process(around_);
    auto started = process.Start(Kitten());
    const std::string name = started->current()->generation().name();
    process.RunToEnd();
    return process.Recorded(name);
  }

  Surroundings around_;
};

TEST_F(PollTest, EveryFailureIsAskedAgainWithTheSameKeyAndNothingIsResubmitted) {
  fakes::ScriptedImageModel other("ffffffff");
  around_.accounts = {&around_.upstream, &other};
  const UpstreamError failures[] = {
      Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kYes, "connection"),
      Failure(v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kYes, "1302", 429),
      Failure(v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kYes, "1305", 429),
      Failure(v1::ERROR_REASON_UPSTREAM_CREDENTIALS, Taken::kYes, "1001", 401),
      Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kYes, "1113", 429),
      Failure(v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kYes, "1210", 400),
      Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "http_502", 502),
      Failure(v1::ERROR_REASON_INTERNAL, Taken::kUnknown, "http_418", 418),
  };
  for (const UpstreamError& failure : failures) around_.upstream.OnPoll(failure);
  const v1::Generation made = Run();
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(made.attempts_size(), 1);
  EXPECT_EQ(around_.upstream.submissions(), 1);
  EXPECT_EQ(around_.upstream.polls(), 9);
  EXPECT_THAT(around_.upstream.polled(), Each("task-1"));
  EXPECT_EQ(other.polls() + other.submissions(), 0);
}

TEST_F(PollTest, ATaskThatIsUnknownForAMomentIsAskedForAgain) {
  for (int i = 0; i < 2; ++i) around_.upstream.OnPoll(Failure(v1::ERROR_REASON_UPSTREAM_TIMEOUT, Taken::kYes, "404", 404));
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(PollTest, ATaskThatTheUpstreamForgotEndsAsTimeoutWithItsIdAndItsCharge) {
  around_.upstream.AlwaysPoll(Failure(v1::ERROR_REASON_UPSTREAM_TIMEOUT, Taken::kYes, "404", 404));
  const v1::Generation ended = Run();
  EXPECT_EQ(ended.error().code(), static_cast<int>(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_TIMEOUT");
  EXPECT_EQ(MetadataOf(ended.error(), "task_id"), "task-1");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(ended.attempts(0).task_id(), "task-1");
  EXPECT_EQ(around_.upstream.polls(), 3);
}

TEST_F(PollTest, ATaskThatDoesNotEndIsGivenUpAtTheRenderTimeout) {
  around_.upstream.AlwaysPoll(StillRendering{});
  const absl::Time began = around_.clock.Now();
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_TIMEOUT");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(RetryAfterOf(ended.error()), -1);
  EXPECT_GE(around_.clock.Now() - began, absl::Minutes(15));
  EXPECT_LE(around_.clock.Now() - began, absl::Minutes(15) + absl::Seconds(6));
}

TEST_F(PollTest, AnUpstreamThatCannotBeReachedForTheWholeTimeEndsAsTimeoutToo) {
  UpstreamError later = Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kYes, "connection");
  later.retry_after = absl::Hours(9);
  around_.upstream.AlwaysPoll(later);
  const absl::Time began = around_.clock.Now();
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_TIMEOUT");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_LE(around_.clock.Now() - began, absl::Minutes(16));
}

TEST_F(PollTest, ATaskThatFailsAtTheUpstreamEndsAsDefectAndNobodyKnowsWhetherItWasCharged) {
  around_.upstream.OnPoll(Failure(v1::ERROR_REASON_UPSTREAM_DEFECT, Taken::kUnknown, "FAIL", 200));
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_DEFECT");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(ended.charge().cost_micros(), 15'000);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(PollTest, ATaskWhoseImageIsBlockedEndsAsBlocked) {
  UpstreamError blocked = Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kUnknown, "1301", 400);
  v1::ContentFilter entry;
  entry.set_role("assistant");
  blocked.content_filter = {entry};
  around_.upstream.OnPoll(blocked);
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "CONTENT_BLOCKED");
  EXPECT_EQ(ended.content_filter_size(), 1);
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_UNKNOWN);
}

TEST_F(PollTest, ATaskHoldsItsPlaceAtTheUpstreamUntilItIsReady) {
  around_.limits = {.start = 1, .max = 1};
  around_.upstream.poll_hold().Close();
  Process process(around_);
  auto first = process.Start(Kitten("first"));
  auto second = process.Start(Kitten("second"));
  ASSERT_TRUE(process.RunUntil([&] { return around_.upstream.poll_hold().waiting() == 1; }));
  EXPECT_EQ(process.StateOf(second->current()->generation().name()), v1::GENERATION_STATE_QUEUED);
  around_.upstream.poll_hold().Open();
  process.RunToEnd();
  EXPECT_THAT(around_.upstream.polled(), ElementsAre("task-1", "task-2"));
}

}  // namespace
}  // namespace easel::generation
