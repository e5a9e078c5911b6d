#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

constexpr auto kAbort = v1::CANCEL_POLICY_ABORT;
constexpr auto kFinish = v1::CANCEL_POLICY_FINISH_AND_KEEP;

// A generation that stands still in one state while a test cancels it.
class CancelTest : public ::testing::Test {
 protected:
  void Begin() {
    process_ = std::make_unique<Process>(around_);
    auto started = process_->Start(Kitten());
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    name_ = started->current()->generation().name();
  }
  void StandIn(v1::GenerationState state) {
    if (state == v1::GENERATION_STATE_SUBMITTING) around_.upstream.submit_hold().Close();
    if (state == v1::GENERATION_STATE_RENDERING) around_.upstream.poll_hold().Close();
    if (state == v1::GENERATION_STATE_FETCHING) around_.upstream.fetch_hold().Close();
    if (state == v1::GENERATION_STATE_QUEUED) around_.limits = {.start = 0, .max = 0};
    Begin();
    const auto held = [&] {
      auto& upstream = around_.upstream;
      return upstream.submit_hold().waiting() + upstream.poll_hold().waiting() + upstream.fetch_hold().waiting() == 1;
    };
    if (state == v1::GENERATION_STATE_QUEUED) {
      process_->Settle();
    } else {
      ASSERT_TRUE(process_->RunUntil(held));
    }
    ASSERT_EQ(process_->StateOf(name_), state);
  }
  void LetGo() {
    around_.upstream.submit_hold().Open();
    around_.upstream.poll_hold().Open();
    around_.upstream.fetch_hold().Open();
    process_->RunToEnd();
  }
  v1::Generation Cancel(v1::CancelPolicy policy) {
    auto cancelled = process_->Cancel(name_, policy);
    EXPECT_TRUE(cancelled.ok()) << cancelled.status();
    return (*cancelled)->generation();
  }

  Surroundings around_;
  std::unique_ptr<Process> process_;
  std::string name_;
};

TEST_F(CancelTest, WhatIsQueuedIsCancelledUnderEitherPolicyAndCostsNothing) {
  for (const v1::CancelPolicy policy : {kAbort, kFinish, v1::CANCEL_POLICY_UNSPECIFIED}) {
    around_.store = {};
    StandIn(v1::GENERATION_STATE_QUEUED);
    const v1::Generation cancelled = Cancel(policy);
    EXPECT_EQ(cancelled.state(), v1::GENERATION_STATE_CANCELLED);
    EXPECT_EQ(cancelled.charge().state(), v1::CHARGE_STATE_NONE);
    EXPECT_TRUE(cancelled.has_end_time());
    EXPECT_EQ(around_.upstream.submissions(), 0);
  }
}

TEST_F(CancelTest, AnAbortWhileThePostIsOpenClosesItAndItsChargeIsAsFarAsKnown) {
  const struct {
    Taken taken;
    v1::ChargeState charge;
  } kCases[] = {{Taken::kNo, v1::CHARGE_STATE_NONE}, {Taken::kUnknown, v1::CHARGE_STATE_UNKNOWN}, {Taken::kYes, v1::CHARGE_STATE_MADE}};
  for (const auto& c : kCases) {
    around_.store = {};
    around_.upstream.set_taken_when_cancelled(c.taken);
    StandIn(v1::GENERATION_STATE_SUBMITTING);
    const v1::Generation cancelled = Cancel(kAbort);
    EXPECT_EQ(cancelled.state(), v1::GENERATION_STATE_CANCELLED);
    EXPECT_EQ(cancelled.charge().state(), c.charge);
    EXPECT_EQ(cancelled.attempts(0).charge().state(), c.charge);
    EXPECT_EQ(around_.upstream.submit_hold().waiting(), 0);
  }
}

TEST_F(CancelTest, AnAbortWhileATaskRendersStopsThePollAndTheChargeIsMade) {
  StandIn(v1::GENERATION_STATE_RENDERING);
  const v1::Generation cancelled = Cancel(kAbort);
  EXPECT_EQ(cancelled.state(), v1::GENERATION_STATE_CANCELLED);
  EXPECT_EQ(cancelled.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(cancelled.charge().cost_micros(), 15'000);
  EXPECT_EQ(cancelled.attempts(0).task_id(), "task-1");
  EXPECT_EQ(around_.upstream.poll_hold().waiting(), 0);
}

TEST_F(CancelTest, AnAbortWhileTheImageIsFetchedStopsThatAndTheChargeIsMade) {
  StandIn(v1::GENERATION_STATE_FETCHING);
  const v1::Generation cancelled = Cancel(kAbort);
  EXPECT_EQ(cancelled.state(), v1::GENERATION_STATE_CANCELLED);
  EXPECT_EQ(cancelled.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(around_.upstream.fetch_hold().waiting(), 0);
  EXPECT_TRUE(around_.images.kept().empty());
}

TEST_F(CancelTest, WithFinishAndKeepLaterWorkIsMarkedAndStillSucceeds) {
  for (const v1::GenerationState state :
       {v1::GENERATION_STATE_SUBMITTING, v1::GENERATION_STATE_RENDERING, v1::GENERATION_STATE_FETCHING}) {
    SCOPED_TRACE(v1::GenerationState_Name(state));
    around_.store = {};
    StandIn(state);
    const v1::Generation marked = Cancel(kFinish);
    EXPECT_EQ(marked.state(), state);
    EXPECT_TRUE(marked.cancel_requested());
    LetGo();
    const v1::Generation ended = process_->Recorded(name_);
    EXPECT_EQ(ended.state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_TRUE(ended.cancel_requested());
  }
}

TEST_F(CancelTest, WhatHasEndedStaysAsItIs) {
  Begin();
  process_->RunToEnd();
  EXPECT_EQ(Cancel(kAbort).state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(process_->StateOf(name_), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(CancelTest, ACancelAtTheVeryMomentOfEachWriteEndsOneWayAndTheLedgerAgrees) {
  for (const v1::CancelPolicy policy : {kAbort, kFinish}) {
    for (const v1::GenerationState at : {v1::GENERATION_STATE_SUBMITTING, v1::GENERATION_STATE_RENDERING,
                                         v1::GENERATION_STATE_FETCHING, v1::GENERATION_STATE_SUCCEEDED}) {
      SCOPED_TRACE(v1::GenerationState_Name(at) + " " + v1::CancelPolicy_Name(policy));
      Surroundings around;
      around.queue_first = true;
      Process process(around);
      auto started = process.Start(Kitten());
      const std::string name = started->current()->generation().name();
      around.store.on_write = [&](const Record& record) {
        if (record.generation().state() == at) process.CancelLater(name, policy);
      };
      process.RunToEnd();
      const v1::Generation ended = process.Recorded(name);
      // Seen QUEUED it is never sent; later, FINISH_AND_KEEP makes the image.
      const bool finished = at == v1::GENERATION_STATE_SUCCEEDED || (policy == kFinish && at != v1::GENERATION_STATE_SUBMITTING);
      EXPECT_EQ(ended.state(), finished ? v1::GENERATION_STATE_SUCCEEDED : v1::GENERATION_STATE_CANCELLED);
      EXPECT_EQ(ended.charge().state(),
                around.upstream.paid() == 1 ? v1::CHARGE_STATE_MADE : v1::CHARGE_STATE_NONE);
      EXPECT_EQ(around.upstream.paid(), at == v1::GENERATION_STATE_SUBMITTING ? 0 : 1);
    }
  }
}

TEST_F(CancelTest, ACancelAtTheVeryMomentOfTheFirstRecordEndsOneWayAndTheLedgerAgrees) {
  for (const v1::CancelPolicy policy : {kAbort, kFinish}) {
    around_.store = {};
    const int paid = around_.upstream.paid();
    around_.store.on_write = [this, policy](const Record& record) {
      if (record.generation().revision() == 1) process_->CancelLater(record.generation().name(), policy);
    };
    Begin();
    process_->RunToEnd();
    ASSERT_EQ(around_.store.written().front(), v1::GENERATION_STATE_SUBMITTING);
    const v1::Generation ended = process_->Recorded(name_);
    EXPECT_EQ(ended.state(), policy == kAbort ? v1::GENERATION_STATE_CANCELLED : v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(ended.charge().state(),
              around_.upstream.paid() - paid == 1 ? v1::CHARGE_STATE_MADE : v1::CHARGE_STATE_NONE);
  }
}

TEST_F(CancelTest, AnAbortInTheMiddleOfEveryHandlerLeavesNothingHalfDone) {
  for (int handlers = 0; handlers < 60; ++handlers) {
    SCOPED_TRACE(handlers);
    Surroundings around;
    Process process(around);
    auto started = process.Start(Kitten());
    const std::string name = started->current()->generation().name();
    int left = handlers;
    process.RunUntil([&] { return left-- <= 0; });
    const auto cancelled = process.Cancel(name, kAbort);
    process.RunToEnd();
    ASSERT_TRUE(cancelled.ok());
    const v1::Generation ended = process.Recorded(name);
    ASSERT_TRUE(HasEnded(ended.state()));
    if (around.upstream.paid() == 0) {
      EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_NONE);
    } else {
      EXPECT_NE(ended.charge().state(), v1::CHARGE_STATE_NONE);
    }
    EXPECT_EQ(process.ended().size(), 1U);
  }
}

TEST_F(CancelTest, ACancelledOneGivesItsPlaceAtTheUpstreamBack) {
  around_.limits = {.start = 1, .max = 1};
  StandIn(v1::GENERATION_STATE_RENDERING);
  auto next = process_->Start(Kitten("next"));
  EXPECT_EQ(process_->StateOf(next->current()->generation().name()), v1::GENERATION_STATE_QUEUED);
  Cancel(kAbort);
  around_.upstream.poll_hold().Open();
  process_->RunToEnd();
  EXPECT_EQ(next->current()->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace easel::generation
