#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "generation/history.h"
#include "generation/trace.h"
#include "tests/fakes/fake_image_model.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SubmitTest : public ::testing::Test {
 protected:
  // Starts a kitten and lets it run to its end.
  v1::Generation Run(Order order = Kitten()) {
    Process process(around_);
    auto started = process.Start(std::move(order));
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    const std::string name = started->current()->generation().name();
    process.RunToEnd();
    return process.Recorded(name);
  }

  Surroundings around_;
};

TEST_F(SubmitTest, ATaskIsSubmittedPolledFetchedAndKept) {
  const v1::Generation made = Run();
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(made.image().width(), 1280);
  EXPECT_EQ(made.image().content_type(), "image/png");
  EXPECT_THAT(made.image().warnings(), IsEmpty());
  EXPECT_TRUE(around_.images.kept().contains(made.image().sha256()));
  EXPECT_EQ(made.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(made.charge().cost_micros(), 15'000);
  ASSERT_EQ(made.attempts_size(), 1);
  EXPECT_EQ(made.attempts(0).task_id(), "task-1");
  EXPECT_EQ(made.attempts(0).key_fingerprint(), "0a1b2c3d");
  EXPECT_EQ(made.attempts(0).charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_TRUE(made.attempts(0).has_end_time());
  EXPECT_THAT(around_.store.written(),
              ElementsAre(v1::GENERATION_STATE_SUBMITTING, v1::GENERATION_STATE_RENDERING,
                          v1::GENERATION_STATE_FETCHING, v1::GENERATION_STATE_SUCCEEDED));
  // The task tells again where its image is, so that one need not survive the machine.
  EXPECT_THAT(around_.store.durabilities(),
              ElementsAre(Durability::kMachine, Durability::kMachine, Durability::kProcess, Durability::kMachine));
  EXPECT_EQ(made.revision(), 4);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(SubmitTest, TheSyncEndpointGoesFromSubmittingToFetching) {
  around_.upstream.set_uses_tasks(false);
  const v1::Generation made = Run();
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(made.attempts(0).task_id(), "");
  EXPECT_EQ(made.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(around_.upstream.polls(), 0);
  EXPECT_THAT(around_.store.written(),
              ElementsAre(v1::GENERATION_STATE_SUBMITTING, v1::GENERATION_STATE_FETCHING, v1::GENERATION_STATE_SUCCEEDED));
  EXPECT_THAT(around_.store.durabilities(), Each(Durability::kMachine));
}

TEST_F(SubmitTest, OnlyTheFetchingOfATaskNeedNotSurviveTheMachine) {
  around_.queue_first = true;
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, "1302", 429));
  around_.upstream.AlwaysFetch(Fetched{.outcome = Fetched::Outcome::kForbidden, .status = absl::PermissionDeniedError("no")});
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_FAILED);
  const std::vector<v1::GenerationState>& written = around_.store.written();
  ASSERT_THAT(written, Contains(v1::GENERATION_STATE_FETCHING).Times(1));
  for (std::size_t i = 0; i < written.size(); ++i) {
    const bool fetching = written[i] == v1::GENERATION_STATE_FETCHING;
    EXPECT_EQ(around_.store.durabilities()[i], fetching ? Durability::kProcess : Durability::kMachine);
  }
}

TEST_F(SubmitTest, TheFirstPollComesAfterFiveSecondsAndTheNextEveryTwoToFive) {
  around_.upstream.AlwaysPoll(StillRendering{});
  Process process(around_);
  auto started = process.Start(Kitten());
  process.RunFor(absl::Seconds(4.9));
  EXPECT_EQ(around_.upstream.polls(), 0);
  process.RunFor(absl::Seconds(0.2));
  EXPECT_EQ(around_.upstream.polls(), 1);
  process.RunFor(absl::Seconds(100));
  EXPECT_GE(around_.upstream.polls(), 20);
  EXPECT_LE(around_.upstream.polls(), 51);
}

TEST_F(SubmitTest, ContentFilterEntriesOfAGoodAnswerAreKept) {
  v1::ContentFilter entry;
  entry.set_role("assistant");
  entry.set_level(3);
  around_.upstream.OnPoll(ImageReady{.url = "https://images.test/a.png", .content_filter = {entry}});
  const v1::Generation made = Run();
  ASSERT_EQ(made.content_filter_size(), 1);
  EXPECT_EQ(made.content_filter(0).level(), 3);
}

TEST_F(SubmitTest, HowLongTheUpstreamTookBecomesHistory) {
  Process process(around_);
  auto started = process.Start(Kitten());
  process.RunToEnd();
  v1::ImageSpec spec = started->current()->generation().spec();
  ASSERT_TRUE(process.history().Typical(spec));
  EXPECT_EQ(*process.history().Typical(spec), absl::Seconds(5));
}

// The table "On submit" of the design, for an upstream that gives the same answer for ever.
struct Row {
  std::string what;
  UpstreamError answer;
  absl::StatusCode code;
  std::string reason;
  v1::ChargeState charge;
  bool again;       // submitted more than once
  bool retry_info;  // the caller is told when to come again
};

std::vector<Row> Table() {
  const auto no = Taken::kNo;
  const auto unknown = Taken::kUnknown;
  using absl::StatusCode;
  const auto none = v1::CHARGE_STATE_NONE;
  return {
      {"1210", Failure(v1::ERROR_REASON_UPSTREAM_REJECTED, no, "1210", 400), StatusCode::kInvalidArgument,
       "UPSTREAM_REJECTED", none, false, false},
      {"1301", Failure(v1::ERROR_REASON_CONTENT_BLOCKED, no, "1301", 400), StatusCode::kFailedPrecondition,
       "CONTENT_BLOCKED", none, false, false},
      {"1001", Failure(v1::ERROR_REASON_UPSTREAM_CREDENTIALS, no, "1001", 401), StatusCode::kInternal,
       "UPSTREAM_CREDENTIALS", none, false, false},
      {"1113", Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, no, "1113", 429), StatusCode::kResourceExhausted,
       "UPSTREAM_QUOTA", none, false, false},
      {"1302", Failure(v1::ERROR_REASON_UPSTREAM_BUSY, no, "1302", 429), StatusCode::kResourceExhausted,
       "UPSTREAM_BUSY", none, true, true},
      {"1305", Failure(v1::ERROR_REASON_UPSTREAM_OVERLOADED, no, "1305", 429), StatusCode::kUnavailable,
       "UPSTREAM_OVERLOADED", none, true, true},
      {"1234", Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, no, "1234", 500), StatusCode::kUnavailable,
       "UPSTREAM_UNAVAILABLE", none, true, true},
      {"dns", Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, no, "dns"), StatusCode::kUnavailable,
       "UPSTREAM_UNAVAILABLE", none, true, true},
      {"502", Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, unknown, "http_502", 502), StatusCode::kUnknown,
       "OUTCOME_UNKNOWN", v1::CHARGE_STATE_UNKNOWN, false, false},
      {"1231", Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kYes, "1231"), StatusCode::kUnknown,
       "OUTCOME_UNKNOWN", v1::CHARGE_STATE_MADE, false, false},
      {"no image", Failure(v1::ERROR_REASON_UPSTREAM_DEFECT, unknown, "no_image", 200), StatusCode::kInternal,
       "UPSTREAM_DEFECT", v1::CHARGE_STATE_UNKNOWN, false, false},
      // An adapter that calls something free to repeat although it may have been taken is not believed.
      {"a contradiction", Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, unknown, "tls"), StatusCode::kUnknown,
       "OUTCOME_UNKNOWN", v1::CHARGE_STATE_UNKNOWN, false, false},
  };
}

TEST_F(SubmitTest, EveryRefusalOfTheUpstreamEndsAsTheTableSays) {
  for (const Row& row : Table()) {
    SCOPED_TRACE(row.what);
    Surroundings around;
    around.upstream.AlwaysSubmit(row.answer);
    Process process(around);
    auto started = process.Start(Kitten());
    process.RunToEnd();
    const v1::Generation ended = process.Recorded(started->current()->generation().name());
    EXPECT_EQ(ended.state(), v1::GENERATION_STATE_FAILED);
    EXPECT_EQ(ended.error().code(), static_cast<int>(row.code));
    EXPECT_EQ(ReasonOf(ended.error()), row.reason);
    EXPECT_EQ(ended.charge().state(), row.charge);
    EXPECT_EQ(ended.charge().cost_micros(), row.charge == v1::CHARGE_STATE_NONE ? 0 : 15'000);
    EXPECT_EQ(around.upstream.submissions() > 1, row.again);
    EXPECT_EQ(RetryAfterOf(ended.error()) > 0, row.retry_info);
    EXPECT_EQ(MetadataOf(ended.error(), "upstream_code"), row.answer.code);
    EXPECT_EQ(MetadataOf(ended.error(), "generation"), ended.name());
    EXPECT_EQ(MetadataOf(ended.error(), "charge_state"),
              row.charge == v1::CHARGE_STATE_NONE ? "NONE" : row.charge == v1::CHARGE_STATE_MADE ? "MADE" : "UNKNOWN");
    const absl::Duration took = around.clock.Now() - absl::FromUnixSeconds(ended.create_time().seconds());
    EXPECT_LE(took, absl::Minutes(16));
    EXPECT_EQ(took > absl::Minutes(12), row.again);
    EXPECT_LE(ended.attempts_size(), 16);
  }
}

TEST_F(SubmitTest, EveryRefusalThatPassesIsForgottenByTheImage) {
  for (const Row& row : Table()) {
    if (!row.again) continue;
    SCOPED_TRACE(row.what);
    Surroundings around;
    for (int i = 0; i < 3; ++i) around.upstream.OnSubmit(row.answer);
    Process process(around);
    auto started = process.Start(Kitten());
    process.RunToEnd();
    const v1::Generation ended = process.Recorded(started->current()->generation().name());
    EXPECT_EQ(ended.state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(ended.charge().cost_micros(), 15'000);
    ASSERT_EQ(ended.attempts_size(), 4);
    EXPECT_EQ(ended.attempts(0).code(), row.answer.code);
    EXPECT_EQ(ended.attempts(0).charge().state(), v1::CHARGE_STATE_NONE);
    EXPECT_EQ(ended.attempts(3).code(), "");
    EXPECT_FALSE(ended.has_error());
  }
}

TEST_F(SubmitTest, RefusalsGoBackToTheQueueBetweenTheirAttempts) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, "1302", 429));
  Run();
  EXPECT_THAT(around_.store.written(),
              ElementsAre(v1::GENERATION_STATE_SUBMITTING, v1::GENERATION_STATE_QUEUED, v1::GENERATION_STATE_SUBMITTING,
                          v1::GENERATION_STATE_RENDERING, v1::GENERATION_STATE_FETCHING, v1::GENERATION_STATE_SUCCEEDED));
}

TEST_F(SubmitTest, RetryingEndsAtTheCallersDeadline) {
  around_.upstream.AlwaysSubmit(Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "connection"));
  Order order = Kitten();
  order.deadline = around_.clock.Now() + absl::Seconds(40);
  const v1::Generation ended = Run(order);
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_UNAVAILABLE");
  EXPECT_LE(around_.clock.Now(), *order.deadline);
}

TEST_F(SubmitTest, ARetryAfterBeyondTheDeadlineEndsTheWaitNowAndIsToldToTheCaller) {
  UpstreamError later = Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "1120", 503);
  later.retry_after = absl::Hours(2);
  around_.upstream.AlwaysSubmit(later);
  const absl::Time began = around_.clock.Now();
  const v1::Generation ended = Run();
  EXPECT_EQ(around_.upstream.submissions(), 1);
  EXPECT_EQ(around_.clock.Now(), began);
  EXPECT_EQ(RetryAfterOf(ended.error()), 7200);
}

TEST_F(SubmitTest, TheUpstreamsRetryAfterIsWaitedFor) {
  UpstreamError later = Failure(v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, "1302", 429);
  later.retry_after = absl::Seconds(77);
  around_.upstream.OnSubmit(later);
  const absl::Time began = around_.clock.Now();
  Run();
  EXPECT_GE(around_.clock.Now() - began, absl::Seconds(77 + 5));
  EXPECT_LE(around_.clock.Now() - began, absl::Seconds(77 + 8));
}

TEST_F(SubmitTest, ATurnThatDoesNotComeEndsAsQueueTimeoutAndNothingWasSent) {
  around_.limits = {.start = 1, .max = 1};
  around_.pacing.render_timeout = absl::Hours(3);
  around_.upstream.AlwaysPoll(StillRendering{});
  Process process(around_);
  auto first = process.Start(Kitten("first"));
  auto second = process.Start(Kitten("second"));
  const std::string name = second->current()->generation().name();
  ASSERT_TRUE(process.RunUntilState(name, v1::GENERATION_STATE_FAILED));
  const v1::Generation ended = process.Recorded(name);
  EXPECT_EQ(ReasonOf(ended.error()), "QUEUE_TIMEOUT");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_NONE);
  EXPECT_EQ(ended.attempts_size(), 0);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(SubmitTest, TheContentFiltersEntriesComeWithTheRefusal) {
  UpstreamError blocked = Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400);
  v1::ContentFilter entry;
  entry.set_role("user");
  entry.set_level(0);
  blocked.content_filter = {entry};
  around_.upstream.OnSubmit(blocked);
  const v1::Generation ended = Run();
  EXPECT_EQ(MetadataOf(ended.error(), "content_filter"), "user:0");
  ASSERT_EQ(ended.content_filter_size(), 1);
  EXPECT_TRUE(ended.content_filter(0).has_level());
}

class TwoAccountsTest : public SubmitTest {
 protected:
  TwoAccountsTest() { around_.accounts = {&around_.upstream, &second_}; }
  fakes::ScriptedImageModel second_{"ffffffff"};
};

TEST_F(TwoAccountsTest, AKeyThatIsRefusedOrUsedUpIsFollowedByTheNextOne) {
  for (const v1::ErrorReason reason : {v1::ERROR_REASON_UPSTREAM_CREDENTIALS, v1::ERROR_REASON_UPSTREAM_QUOTA}) {
    around_.upstream.OnSubmit(Failure(reason, Taken::kNo, "1113", 429));
    const v1::Generation made = Run(Kitten(v1::ErrorReason_Name(reason)));
    EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
    ASSERT_EQ(made.attempts_size(), 2);
    EXPECT_EQ(made.attempts(1).key_fingerprint(), "ffffffff");
  }
  EXPECT_EQ(second_.polls(), 2);
  EXPECT_EQ(around_.upstream.polls(), 0);
}

TEST_F(TwoAccountsTest, EachKeyIsAskedOnceAndThenItEnds) {
  for (auto* account : {&around_.upstream, &second_}) {
    account->AlwaysSubmit(Failure(v1::ERROR_REASON_UPSTREAM_CREDENTIALS, Taken::kNo, "1001", 401));
  }
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_CREDENTIALS");
  EXPECT_EQ(around_.upstream.submissions(), 1);
  EXPECT_EQ(second_.submissions(), 1);
}

TEST_F(TwoAccountsTest, ABlockedPromptIsShownToNoOtherKey) {
  around_.upstream.AlwaysSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  Run();
  EXPECT_EQ(second_.submissions(), 0);
}

TEST_F(SubmitTest, AnAttemptGoesUpstreamAsASpanOfTheCallersTrace) {
  Order order = Kitten();
  Run(order);
  order.request_id = "traced";
  order.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const v1::Generation made = Run(order);
  ASSERT_THAT(around_.upstream.traceparents(), SizeIs(2));
  EXPECT_EQ(around_.upstream.traceparents()[0], "");
  EXPECT_EQ(around_.upstream.traceparents()[1],
            "00-0af7651916cd43dd8448eb211c80319c-" + AttemptSpanId(made, made.attempts(0)) + "-01");
}

TEST_F(SubmitTest, AnAmbiguousOutcomeIsResubmittedOnceWhereTheCallerAllowsIt) {
  const UpstreamError ambiguous = Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "timeout");
  around_.upstream.OnSubmit(ambiguous);
  Order order = Kitten();
  order.allow_resubmission = true;
  const v1::Generation made = Run(order);
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  ASSERT_EQ(made.attempts_size(), 2);
  EXPECT_EQ(made.attempts(0).charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(made.attempts(1).charge().state(), v1::CHARGE_STATE_MADE);
  // Once for certain, and perhaps once more.
  EXPECT_EQ(made.charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(made.charge().cost_micros(), 30'000);

  around_.upstream.AlwaysSubmit(ambiguous);
  order.request_id = "never answered";
  const v1::Generation lost = Run(order);
  EXPECT_EQ(ReasonOf(lost.error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(lost.attempts_size(), 2);
  EXPECT_EQ(lost.charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(lost.charge().cost_micros(), 30'000);
}

TEST_F(SubmitTest, AfterAnAmbiguousOutcomeNoLaterRefusalInvitesARepeat) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "timeout"));
  around_.upstream.AlwaysSubmit(Failure(v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, "1302", 429));
  Order order = Kitten();
  order.allow_resubmission = true;
  const v1::Generation ended = Run(order);
  EXPECT_EQ(ReasonOf(ended.error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(RetryAfterOf(ended.error()), -1);
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_UNKNOWN);
}

TEST_F(SubmitTest, WhereTheUpstreamRejectsDuplicatesAnAmbiguousOutcomeIsAskedAgainUnderTheSameId) {
  around_.rejects_duplicates = true;
  for (int i = 0; i < 3; ++i) {
    around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "timeout"));
  }
  const v1::Generation made = Run();
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  ASSERT_EQ(made.attempts_size(), 4);
  EXPECT_EQ(made.attempts(0).charge().state(), v1::CHARGE_STATE_NONE);
  EXPECT_EQ(made.charge().cost_micros(), 15'000);
  const std::vector<std::string>& ids = around_.upstream.submit_ids();
  EXPECT_THAT(ids, ElementsAre(ids[0], ids[0], ids[0], ids[0]));
  EXPECT_THAT(ids[0], HasSubstr(made.name().substr(made.name().find('/') + 1)));
}

TEST_F(SubmitTest, ADuplicateThatTheUpstreamRejectsWasMadeBefore) {
  around_.rejects_duplicates = true;
  around_.upstream.set_rejects_duplicates();
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "timeout"));
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(MetadataOf(ended.error(), "upstream_code"), "1231");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(ended.charge().cost_micros(), 15'000);
  EXPECT_EQ(around_.upstream.paid(), 1);
}

TEST_F(TwoAccountsTest, WhatAKeyMayHaveIsNotAskedOfAnotherOneThatKnowsNothingOfItsDuplicates) {
  around_.rejects_duplicates = true;
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "timeout"));
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_CREDENTIALS, Taken::kNo, "1001", 401));
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_CREDENTIALS");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(ended.charge().cost_micros(), 15'000);
  EXPECT_EQ(second_.submissions(), 0);
}

TEST_F(SubmitTest, WithoutTheOperatorsWordNoIdIsSent) {
  Run();
  EXPECT_THAT(around_.upstream.submit_ids(), ElementsAre(""));
}

}  // namespace
}  // namespace easel::generation
