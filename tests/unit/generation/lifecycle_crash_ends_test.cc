#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

// The process dies right before or right after one of the ends is recorded, or the way back into the queue, and the next
// one starts on the same stores and the same upstream. What leads to a success is in lifecycle_crash_test.cc.
class CrashAtEndTest : public ::testing::Test {
 protected:
  // The first process starts the order and dies where the store says so.
  void RunAndDie(Order order = Kitten()) {
    Process process(around_);
    std::vector<absl::StatusOr<Watcher>> answers;
    process.StartLater(std::move(order), answers);
    ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
  }
  // The first process waits at `hold`, is told to abort, and dies where the store says so.
  void AbortAndDie(fakes::Hold& hold) {
    hold.Close();
    {
      Process process(around_);
      auto started = process.Start(Kitten());
      ASSERT_TRUE(process.RunUntil([&] { return hold.waiting() == 1; }));
      process.CancelLater(started->current()->generation().name(), v1::CANCEL_POLICY_ABORT);
      ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
    }
    hold.Open();
  }
  v1::Generation Restart() {
    around_.store.Revive();
    Process process(around_);
    EXPECT_TRUE(process.Recover().ok());
    process.RunToEnd();
    return around_.store.All().at(0).generation();
  }
  v1::Generation StartAgain() {
    around_.store.Revive();
    Process process(around_);
    EXPECT_TRUE(process.Recover().ok());
    auto started = process.Start(Kitten());
    EXPECT_TRUE(started.ok());
    process.RunToEnd();
    return around_.store.All().at(0).generation();
  }
  void ExpectMadeOnce(const v1::Generation& generation) {
    EXPECT_EQ(generation.state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_TRUE(around_.images.kept().contains(generation.image().sha256()));
    EXPECT_EQ(around_.upstream.paid(), 1);
  }

  const UpstreamError blocked_ = Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400);
  const UpstreamError busy_ = Failure(v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, "1302", 429);
  const UpstreamError failed_task_ = Failure(v1::ERROR_REASON_UPSTREAM_DEFECT, Taken::kUnknown, "fail", 200);
  Surroundings around_;
};

TEST_F(CrashAtEndTest, BeforeTheSyncEndpointsSuccessIsRecordedTheRestartFetchesAgain) {
  around_.upstream.set_uses_tasks(false);
  around_.store.DieBefore(v1::GENERATION_STATE_SUCCEEDED);
  RunAndDie();
  ExpectMadeOnce(Restart());
  EXPECT_EQ(around_.upstream.fetches(), 2);
}

TEST_F(CrashAtEndTest, AfterTheSyncEndpointsSuccessIsRecordedThereIsNothingLeftToDo) {
  around_.upstream.set_uses_tasks(false);
  around_.store.DieAfter(v1::GENERATION_STATE_SUCCEEDED);
  RunAndDie();
  ExpectMadeOnce(Restart());
  EXPECT_EQ(around_.upstream.fetches(), 1);
}

TEST_F(CrashAtEndTest, BeforeTheWayBackIntoTheQueueIsRecordedNobodyKnowsAndNothingIsSentAgain) {
  around_.upstream.OnSubmit(busy_);
  {
    Process process(around_);
    auto started = process.Start(Kitten());
    around_.store.DieBefore(v1::GENERATION_STATE_QUEUED);
    ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
  }
  const v1::Generation ended = Restart();
  EXPECT_EQ(ReasonOf(ended.error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(CrashAtEndTest, AfterARefusalIsRecordedAsTheEndItStaysTheEnd) {
  around_.upstream.OnSubmit(blocked_);
  around_.store.DieAfter(v1::GENERATION_STATE_FAILED);
  RunAndDie();
  const v1::Generation ended = Restart();
  EXPECT_EQ(ReasonOf(ended.error()), "CONTENT_BLOCKED");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_NONE);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(CrashAtEndTest, ATaskThatFailedIsAskedAgainIfThatWasNotRecordedAndOnlyThen) {
  for (const bool recorded : {false, true}) {
    SCOPED_TRACE(recorded);
    around_.store = {};
    around_.upstream.AlwaysPoll(failed_task_);
    const int polls = around_.upstream.polls();
    if (recorded) {
      around_.store.DieAfter(v1::GENERATION_STATE_FAILED);
    } else {
      around_.store.DieBefore(v1::GENERATION_STATE_FAILED);
    }
    RunAndDie();
    const v1::Generation ended = Restart();
    EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_DEFECT");
    EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_UNKNOWN);
    EXPECT_EQ(around_.upstream.polls() - polls, recorded ? 1 : 2);
  }
}

TEST_F(CrashAtEndTest, AFailedDownloadIsTriedAgainIfItsEndWasNotRecorded) {
  around_.upstream.OnFetch(Fetched{.outcome = Fetched::Outcome::kForbidden, .status = absl::PermissionDeniedError("no")});
  around_.store.DieBefore(v1::GENERATION_STATE_FAILED);
  RunAndDie();
  ExpectMadeOnce(Restart());
}

TEST_F(CrashAtEndTest, AfterAFailedDownloadIsRecordedTheChargeIsTold) {
  around_.upstream.OnFetch(Fetched{.outcome = Fetched::Outcome::kForbidden, .status = absl::PermissionDeniedError("no")});
  around_.store.DieAfter(v1::GENERATION_STATE_FAILED);
  RunAndDie();
  const v1::Generation ended = Restart();
  EXPECT_EQ(ReasonOf(ended.error()), "IMAGE_UNAVAILABLE");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(around_.upstream.fetches(), 1);
}

TEST_F(CrashAtEndTest, BeforeTheEndOfAnAbortedTaskIsRecordedTheRestartGoesOnForWhatWasPaid) {
  around_.store.DieBefore(v1::GENERATION_STATE_CANCELLED);
  AbortAndDie(around_.upstream.poll_hold());
  ExpectMadeOnce(Restart());
}

TEST_F(CrashAtEndTest, AfterTheEndOfAnAbortedTaskIsRecordedItStaysTheEnd) {
  around_.store.DieAfter(v1::GENERATION_STATE_CANCELLED);
  AbortAndDie(around_.upstream.poll_hold());
  const v1::Generation ended = Restart();
  EXPECT_EQ(ended.state(), v1::GENERATION_STATE_CANCELLED);
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(around_.upstream.paid(), 1);
}

TEST_F(CrashAtEndTest, BeforeTheEndOfAnAbortedDownloadIsRecordedTheRestartFetches) {
  around_.store.DieBefore(v1::GENERATION_STATE_CANCELLED);
  AbortAndDie(around_.upstream.fetch_hold());
  ExpectMadeOnce(Restart());
}

TEST_F(CrashAtEndTest, BeforeTheEndOfAnAbortedPostIsRecordedNobodyKnows) {
  around_.store.DieBefore(v1::GENERATION_STATE_CANCELLED);
  AbortAndDie(around_.upstream.submit_hold());
  const v1::Generation ended = Restart();
  EXPECT_EQ(ReasonOf(ended.error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(CrashAtEndTest, AfterTheEndOfAnAbortedPostIsRecordedItsChargeIsUnknown) {
  around_.store.DieAfter(v1::GENERATION_STATE_CANCELLED);
  AbortAndDie(around_.upstream.submit_hold());
  const v1::Generation ended = Restart();
  EXPECT_EQ(ended.state(), v1::GENERATION_STATE_CANCELLED);
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(CrashAtEndTest, ACancelInTheQueueThatWasNotRecordedIsForgottenAndOneThatWasHolds) {
  for (const bool recorded : {false, true}) {
    SCOPED_TRACE(recorded);
    around_.store = {};
    around_.limits = {.start = 0, .max = 0};
    {
      Process process(around_);
      auto started = process.Start(Kitten());
      process.Settle();
      if (recorded) {
        around_.store.DieAfter(v1::GENERATION_STATE_CANCELLED);
      } else {
        around_.store.DieBefore(v1::GENERATION_STATE_CANCELLED);
      }
      process.CancelLater(started->current()->generation().name(), v1::CANCEL_POLICY_FINISH_AND_KEEP);
      ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
    }
    around_.limits = {.start = 2, .max = 2};
    const v1::Generation ended = Restart();
    EXPECT_EQ(ended.state(), recorded ? v1::GENERATION_STATE_CANCELLED : v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(around_.upstream.paid(), 1);
  }
}

TEST_F(CrashAtEndTest, AStartAfterAnUnchargedFailureCountsOnceItIsRecorded) {
  for (const bool recorded : {false, true}) {
    SCOPED_TRACE(recorded);
    around_.store = {};
    const int paid = around_.upstream.paid();
    around_.upstream.OnSubmit(blocked_);
    {
      Process process(around_);
      ASSERT_TRUE(process.Start(Kitten()).ok());
      process.RunToEnd();
      if (recorded) {
        around_.store.on_write = [this](const Record&) { around_.store.DieAfter(v1::GENERATION_STATE_QUEUED); };
      } else {
        around_.store.DieBefore(v1::GENERATION_STATE_QUEUED);
      }
      std::vector<absl::StatusOr<Watcher>> answers;
      process.StartLater(Kitten(), answers);
      ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
    }
    around_.store.on_write = [](const Record&) {};
    EXPECT_EQ(Restart().state(), recorded ? v1::GENERATION_STATE_SUCCEEDED : v1::GENERATION_STATE_FAILED);
    EXPECT_EQ(StartAgain().state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(around_.upstream.paid() - paid, 1);
  }
}

}  // namespace
}  // namespace easel::generation
