#include <functional>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::HasSubstr;

class RequestIdTest : public ::testing::Test {
 protected:
  void TearDown() override { process_.reset(); }

  Process& process() {
    if (process_ == nullptr) process_ = std::make_unique<Process>(around_);
    return *process_;
  }
  v1::Generation Start(Order order) {
    auto started = process().Start(std::move(order));
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    return started->current()->generation();
  }
  absl::Status Refusal(Order order) { return process().Start(std::move(order)).status(); }

  Surroundings around_;
  std::unique_ptr<Process> process_;
};

TEST_F(RequestIdTest, TheSameIdAndContentIsTheSameGenerationRunningOrEnded) {
  const v1::Generation first = Start(Kitten());
  EXPECT_EQ(Start(Kitten()).name(), first.name());
  process().RunToEnd();
  const v1::Generation ended = Start(Kitten());
  EXPECT_EQ(ended.name(), first.name());
  EXPECT_EQ(ended.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(RequestIdTest, FiftyEqualOrdersAtOnceAreOneSubmission) {
  std::vector<absl::StatusOr<Watcher>> answers;
  for (int i = 0; i < 50; ++i) process().StartLater(Kitten(), answers);
  ASSERT_TRUE(process().RunUntil([&] { return answers.size() == 50; }));
  process().RunToEnd();
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->current()->generation().name(), answers[0]->current()->generation().name());
    EXPECT_EQ(answer->current()->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
  }
  EXPECT_EQ(around_.upstream.submissions(), 1);
  EXPECT_EQ(around_.store.All().size(), 1U);
}

TEST_F(RequestIdTest, AnIdIsUniqueByCaller) {
  Order other = Kitten();
  other.caller = "other";
  EXPECT_NE(Start(Kitten()).name(), Start(other).name());
}

TEST_F(RequestIdTest, WithoutAnIdEachOrderIsItsOwnAndTheIdIsReturned) {
  const v1::Generation a = Start(Kitten(""));
  const v1::Generation b = Start(Kitten(""));
  EXPECT_NE(a.name(), b.name());
  EXPECT_FALSE(a.request_id().empty());
  EXPECT_NE(a.request_id(), b.request_id());
}

TEST_F(RequestIdTest, OtherContentIsAConflictThatNamesTheFields) {
  const v1::Generation first = Start(Kitten());
  Order other = Kitten();
  other.spec.set_prompt("a puppy");
  other.spec.set_model("glm-image");
  for (const bool ended : {false, true}) {
    if (ended) process().RunToEnd();
    const absl::Status conflict = Refusal(other);
    EXPECT_TRUE(absl::IsAlreadyExists(conflict));
    const google::rpc::Status rpc = ToRpcStatus(conflict);
    EXPECT_EQ(ReasonOf(rpc), "REQUEST_ID_CONFLICT");
    EXPECT_EQ(MetadataOf(rpc, "differing_fields"), "spec.model,spec.prompt");
    EXPECT_EQ(MetadataOf(rpc, "generation"), first.name());
  }
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(RequestIdTest, EveryFieldOfASpecIsContent) {
  Order first = Kitten();
  first.spec.set_user_id("user-17");
  Start(first);
  const std::vector<std::pair<std::string, std::function<void(v1::ImageSpec&)>>> changes = {
      {"spec.model", [](v1::ImageSpec& spec) { spec.set_model("cogview-4-250304"); }},
      {"spec.prompt", [](v1::ImageSpec& spec) { spec.set_prompt("a kitten on a windowsill "); }},
      {"spec.quality", [](v1::ImageSpec& spec) { spec.set_quality(v1::QUALITY_HD); }},
      {"spec.size", [](v1::ImageSpec& spec) { spec.mutable_size()->set_width(1280), spec.mutable_size()->set_height(1280); }},
      {"spec.user_id", [](v1::ImageSpec& spec) { spec.clear_user_id(); }},
  };
  for (const auto& [field, change] : changes) {
    Order other = first;
    change(other.spec);
    EXPECT_EQ(MetadataOf(ToRpcStatus(Refusal(other)), "differing_fields"), field);
  }
}

TEST_F(RequestIdTest, DeadlineAndPoliciesAreNotContent) {
  const std::string name = Start(Kitten()).name();
  Order other = Kitten();
  other.deadline = around_.clock.Now() + absl::Hours(1);
  other.cancel_policy = v1::CANCEL_POLICY_ABORT;
  other.allow_resubmission = other.allow_fallback = true;
  other.traceparent = "00-1-2-01";
  EXPECT_EQ(Start(other).name(), name);
}

TEST_F(RequestIdTest, ARefusalAtAdmissionLeavesNoRecord) {
  around_.queue_max = 0;
  around_.limits = {.start = 1, .max = 1};
  around_.upstream.poll_hold().Close();
  Start(Kitten("first"));
  const absl::Status full = Refusal(Kitten("second"));
  EXPECT_EQ(ReasonOf(full), "QUEUE_FULL");
  EXPECT_GT(RetryAfterOf(ToRpcStatus(full)), 0);
  EXPECT_EQ(around_.store.All().size(), 1U);
  around_.upstream.poll_hold().Open();
  process().RunToEnd();
  Start(Kitten("second"));
}

TEST_F(RequestIdTest, AKnownIdIsNeverRefusedByAFullQueue) {
  around_.queue_max = 0;
  around_.limits = {.start = 1, .max = 1};
  const v1::Generation done = Start(Kitten("done"));
  process().RunToEnd();
  around_.upstream.poll_hold().Close();
  const v1::Generation running = Start(Kitten("running"));
  ASSERT_EQ(ReasonOf(Refusal(Kitten("new"))), "QUEUE_FULL");
  EXPECT_EQ(Start(Kitten("done")).name(), done.name());
  EXPECT_EQ(Start(Kitten("running")).name(), running.name());
  Order other = Kitten("done");
  other.spec.set_prompt("a puppy");
  EXPECT_EQ(ReasonOf(Refusal(other)), "REQUEST_ID_CONFLICT");
}

TEST_F(RequestIdTest, AKnownIdIsNeverRefusedByAShutdown) {
  const v1::Generation done = Start(Kitten("done"));
  process().RunToEnd();
  around_.upstream.poll_hold().Close();
  const v1::Generation running = Start(Kitten("running"));
  process().generations().StopTaking();
  const absl::Status refused = Refusal(Kitten("new"));
  EXPECT_EQ(ReasonOf(refused), "SHUTTING_DOWN");
  EXPECT_GT(RetryAfterOf(ToRpcStatus(refused)), 0);
  EXPECT_EQ(Start(Kitten("done")).name(), done.name());
  EXPECT_EQ(Start(Kitten("running")).name(), running.name());
}

TEST_F(RequestIdTest, ADeadlineThatIsTooShortIsRefusedButNotForAKnownId) {
  v1::ImageSpec resolved = Start(Kitten("known")).spec();
  process().RunToEnd();
  for (int i = 0; i < 10; ++i) process().history().Record(resolved, absl::Seconds(20));
  Order hasty = Kitten("new");
  hasty.deadline = around_.clock.Now() + absl::Seconds(2);
  const absl::Status refused = Refusal(hasty);
  EXPECT_EQ(ReasonOf(refused), "DEADLINE_TOO_SHORT");
  EXPECT_TRUE(absl::IsDeadlineExceeded(refused));
  EXPECT_GT(RetryAfterOf(ToRpcStatus(refused)), 0);
  EXPECT_EQ(around_.store.All().size(), 1U);
  hasty.request_id = "known";
  Start(hasty);
  hasty.request_id = "new";
  hasty.deadline = around_.clock.Now() + absl::Minutes(2);
  Start(hasty);
}

TEST_F(RequestIdTest, WhatIsWrongWithOneOrderIsNotToldToAnotherOneOfTheSameId) {
  const v1::Generation known = Start(Kitten());
  process().RunToEnd();
  Order other = Kitten();
  other.spec.set_prompt("a puppy");
  std::vector<absl::StatusOr<Watcher>> answers;
  process().StartLater(other, answers);
  process().StartLater(Kitten(), answers);
  ASSERT_TRUE(process().RunUntil([&] { return answers.size() == 2; }));
  const bool conflict_first = !answers[0].ok();
  EXPECT_EQ(ReasonOf(answers[conflict_first ? 0 : 1].status()), "REQUEST_ID_CONFLICT");
  ASSERT_TRUE(answers[conflict_first ? 1 : 0].ok());
  EXPECT_EQ(answers[conflict_first ? 1 : 0]->current()->generation().name(), known.name());
}

TEST_F(RequestIdTest, AFailureThatCostNothingStartsAgainAndItsAttemptsGrow) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  const std::string name = Start(Kitten()).name();
  process().RunToEnd();
  ASSERT_EQ(process().StateOf(name), v1::GENERATION_STATE_FAILED);
  const std::int64_t revision = process().Recorded(name).revision();

  const v1::Generation again = Start(Kitten());
  EXPECT_EQ(again.name(), name);
  EXPECT_EQ(again.state(), v1::GENERATION_STATE_QUEUED);
  EXPECT_GT(again.revision(), revision);
  EXPECT_FALSE(again.has_error());
  EXPECT_FALSE(again.has_end_time());
  process().RunToEnd();
  const v1::Generation made = process().Recorded(name);
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(made.attempts_size(), 2);
  EXPECT_EQ(made.charge().cost_micros(), 15'000);
}

TEST_F(RequestIdTest, ACancelledOneThatCostNothingStartsAgain) {
  around_.limits = {.start = 0, .max = 0};
  const std::string name = Start(Kitten()).name();
  ASSERT_TRUE(process().Cancel(name, v1::CANCEL_POLICY_ABORT).ok());
  process().RunToEnd();
  process_.reset();
  around_.limits = {};
  EXPECT_EQ(Start(Kitten()).name(), name);
  process().RunToEnd();
  EXPECT_EQ(process().StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_FALSE(process().Recorded(name).cancel_requested());
}

TEST_F(RequestIdTest, ManyRepeatsOfAFailureAtOnceStartItAgainOnce) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo, "1210", 400));
  const std::string name = Start(Kitten()).name();
  process().RunToEnd();
  std::vector<absl::StatusOr<Watcher>> answers;
  for (int i = 0; i < 20; ++i) process().StartLater(Kitten(), answers);
  ASSERT_TRUE(process().RunUntil([&] { return answers.size() == 20; }));
  process().RunToEnd();
  for (const auto& answer : answers) EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(around_.upstream.submissions(), 2);
  EXPECT_EQ(process().Recorded(name).attempts_size(), 2);
}

TEST_F(RequestIdTest, AFailureThatWasOrMayHaveBeenChargedIsReturnedAsItIs) {
  const UpstreamError failures[] = {Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "timeout"),
                                    Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kYes, "1231")};
  for (const UpstreamError& failure : failures) {
    around_.upstream.OnSubmit(failure);
    const std::string name = Start(Kitten(failure.code)).name();
    process().RunToEnd();
    const v1::Generation again = Start(Kitten(failure.code));
    EXPECT_EQ(again.name(), name);
    EXPECT_EQ(again.state(), v1::GENERATION_STATE_FAILED);
    EXPECT_EQ(process().generations().Running(), 0);
  }
  EXPECT_EQ(around_.upstream.submissions(), 2);
}

TEST_F(RequestIdTest, AnInvalidOrderIsRefusedWithEveryViolationEvenOfItsId) {
  Order order = Kitten(std::string(200, 'x'));
  order.spec.set_prompt("");
  const absl::Status refused = Refusal(order);
  EXPECT_EQ(ReasonOf(refused), "INVALID_REQUEST");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("spec.prompt"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("request_id"));
  EXPECT_TRUE(around_.store.All().empty());
}

TEST_F(RequestIdTest, ARepeatAfterARestartIsTheSameGeneration) {
  around_.upstream.poll_hold().Close();
  const std::string name = Start(Kitten()).name();
  process().RunUntil([&] { return around_.upstream.poll_hold().waiting() == 1; });
  process_.reset();
  around_.upstream.poll_hold().Open();
  ASSERT_TRUE(process().Recover().ok());
  EXPECT_EQ(Start(Kitten()).name(), name);
  process().RunToEnd();
  EXPECT_EQ(Start(Kitten()).state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(RequestIdTest, AnOrderWithoutOneThatMayBeRecordedIsNotToldToComeAgain) {
  Order order = Kitten("");
  around_.store.FailWritesAfterApplying(1);
  around_.store.FailReads(1);
  const absl::Status refused = Refusal(order);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnknown);
  const google::rpc::Status shown = ToRpcStatus(refused);
  EXPECT_EQ(ReasonOf(shown), "OUTCOME_UNKNOWN");
  EXPECT_EQ(RetryAfterOf(shown), -1);
  EXPECT_EQ(MetadataOf(shown, "generation"), around_.store.All().at(0).generation().name());
}

TEST_F(RequestIdTest, AnOrderWithoutOneThatIsNotRecordedMayComeAgain) {
  around_.store.FailWrites(1);
  EXPECT_EQ(ReasonOf(Refusal(Kitten(""))), "STORAGE_UNAVAILABLE");
  EXPECT_TRUE(around_.store.All().empty());
}

}  // namespace
}  // namespace easel::generation
