#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "generation/recovery.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;

// The process dies around one recorded transition, with everything that was in memory, and the next one starts on the same
// stores and the same upstream.
class CrashTest : public ::testing::Test {
 protected:
  // Runs until the store says that it died, and kills the process then.
  void RunAndDie(Order order = Kitten()) {
    Process process(around_);
    std::vector<absl::StatusOr<Watcher>> answers;
    process.StartLater(std::move(order), answers);
    ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
  }
  // What a restart makes of the only generation there is.
  v1::Generation Restart() {
    around_.store.Revive();
    Process process(around_);
    EXPECT_TRUE(process.Recover().ok());
    process.RunToEnd();
    return around_.store.All().at(0).generation();
  }
  void ExpectDelivered(const v1::Generation& generation) {
    EXPECT_EQ(generation.state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_TRUE(around_.images.kept().contains(generation.image().sha256()));
    EXPECT_EQ(generation.charge().state(), v1::CHARGE_STATE_MADE);
    EXPECT_EQ(generation.charge().cost_micros(), 15'000);
    EXPECT_EQ(around_.upstream.paid(), 1);
    EXPECT_EQ(around_.upstream.submissions(), 1);
  }
  void ExpectOutcomeUnknown(const v1::Generation& generation) {
    EXPECT_EQ(generation.state(), v1::GENERATION_STATE_FAILED);
    EXPECT_EQ(ReasonOf(generation.error()), "OUTCOME_UNKNOWN");
    EXPECT_EQ(generation.charge().state(), v1::CHARGE_STATE_UNKNOWN);
    EXPECT_EQ(generation.charge().cost_micros(), 15'000);
    EXPECT_LE(around_.upstream.submissions(), 1);
  }

  Surroundings around_;
};

TEST_F(CrashTest, BeforeTheReservationNothingWasAcceptedAndNothingIsThere) {
  for (const bool queue_first : {false, true}) {
    around_.queue_first = queue_first;
    around_.store.DieBefore(queue_first ? v1::GENERATION_STATE_QUEUED : v1::GENERATION_STATE_SUBMITTING);
    RunAndDie();
    around_.store.Revive();
    EXPECT_TRUE(around_.store.All().empty());
    EXPECT_EQ(around_.upstream.submissions(), 0);
  }
}

TEST_F(CrashTest, AfterTheReservationTheRestartMakesTheImage) {
  around_.queue_first = true;
  around_.store.DieAfter(v1::GENERATION_STATE_QUEUED);
  RunAndDie();
  ExpectDelivered(Restart());
}

TEST_F(CrashTest, BeforeSubmittingIsRecordedNothingWasSentAndTheRestartMakesTheImage) {
  around_.queue_first = true;
  around_.store.DieBefore(v1::GENERATION_STATE_SUBMITTING);
  RunAndDie();
  EXPECT_EQ(around_.upstream.submissions(), 0);
  ExpectDelivered(Restart());
}

TEST_F(CrashTest, AfterSubmittingIsRecordedNobodyKnowsAndNothingIsSentAgain) {
  for (const bool queue_first : {false, true}) {
    around_.store = {};
    around_.queue_first = queue_first;
    around_.store.DieAfter(v1::GENERATION_STATE_SUBMITTING);
    RunAndDie();
    EXPECT_EQ(around_.store.written().size(), queue_first ? 2U : 1U);
    const v1::Generation ended = Restart();
    ExpectOutcomeUnknown(ended);
    ASSERT_EQ(ended.attempts_size(), 1);
    EXPECT_EQ(ended.attempts(0).charge().state(), v1::CHARGE_STATE_UNKNOWN);
    EXPECT_EQ(around_.upstream.submissions(), 0);
  }
}

TEST_F(CrashTest, BeforeTheTaskIsRecordedNobodyKnowsAndNothingIsSentAgain) {
  around_.store.DieBefore(v1::GENERATION_STATE_RENDERING);
  RunAndDie();
  EXPECT_EQ(around_.upstream.paid(), 1);
  ExpectOutcomeUnknown(Restart());
}

TEST_F(CrashTest, AfterTheTaskIsRecordedTheRestartGoesOnWithIt) {
  around_.store.DieAfter(v1::GENERATION_STATE_RENDERING);
  RunAndDie();
  ExpectDelivered(Restart());
}

TEST_F(CrashTest, BeforeFetchingIsRecordedTheRestartAsksTheTaskAgain) {
  around_.store.DieBefore(v1::GENERATION_STATE_FETCHING);
  RunAndDie();
  ExpectDelivered(Restart());
}

TEST_F(CrashTest, AfterFetchingIsRecordedTheRestartFetches) {
  around_.store.DieAfter(v1::GENERATION_STATE_FETCHING);
  RunAndDie();
  EXPECT_EQ(around_.upstream.polls(), 1);
  ExpectDelivered(Restart());
  EXPECT_EQ(around_.upstream.polls(), 1);
}

TEST_F(CrashTest, BeforeTheSuccessIsRecordedTheRestartFetchesAgain) {
  around_.store.DieBefore(v1::GENERATION_STATE_SUCCEEDED);
  RunAndDie();
  EXPECT_EQ(around_.upstream.fetches(), 1);
  ExpectDelivered(Restart());
  EXPECT_EQ(around_.upstream.fetches(), 2);
}

TEST_F(CrashTest, AfterTheSuccessIsRecordedThereIsNothingLeftToDo) {
  around_.store.DieAfter(v1::GENERATION_STATE_SUCCEEDED);
  RunAndDie();
  ExpectDelivered(Restart());
  EXPECT_EQ(around_.upstream.fetches(), 1);
}

TEST_F(CrashTest, TheSyncEndpointIsUnknownForAsLongAsItsPostIsOpen) {
  around_.upstream.set_uses_tasks(false);
  around_.store.DieBefore(v1::GENERATION_STATE_FETCHING);
  RunAndDie();
  EXPECT_EQ(around_.upstream.paid(), 1);
  ExpectOutcomeUnknown(Restart());
}

TEST_F(CrashTest, TheSyncEndpointsImageIsFetchedByTheRestart) {
  around_.upstream.set_uses_tasks(false);
  around_.store.DieAfter(v1::GENERATION_STATE_FETCHING);
  RunAndDie();
  ExpectDelivered(Restart());
}

TEST_F(CrashTest, AfterARefusalTheGenerationIsInTheQueueAgainOrItsOutcomeIsUnknown) {
  const UpstreamError busy = Failure(v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, "1302", 429);
  around_.upstream.OnSubmit(busy);
  {
    Process process(around_);
    auto started = process.Start(Kitten());
    around_.store.DieAfter(v1::GENERATION_STATE_QUEUED);
    ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
  }
  const v1::Generation made = Restart();
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(made.attempts_size(), 2);
  EXPECT_EQ(around_.upstream.paid(), 1);
}

TEST_F(CrashTest, AFailureThatCouldNotBeRecordedIsFoundAgainOrUnknown) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  around_.store.DieBefore(v1::GENERATION_STATE_FAILED);
  RunAndDie();
  around_.store.Revive();
  ExpectOutcomeUnknown(Restart());
}

TEST_F(CrashTest, TheEndOfACancelledOneIsReachedByTheRestart) {
  around_.upstream.poll_hold().Close();
  {
    Process process(around_);
    auto started = process.Start(Kitten());
    ASSERT_TRUE(process.RunUntil([&] { return around_.upstream.poll_hold().waiting() == 1; }));
    around_.store.DieAfter(v1::GENERATION_STATE_CANCELLED);
    process.CancelLater(started->current()->generation().name(), v1::CANCEL_POLICY_ABORT);
    ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
  }
  EXPECT_EQ(Restart().state(), v1::GENERATION_STATE_CANCELLED);
}

TEST_F(CrashTest, WithResubmissionAllowedTheRestartSendsItOnceMore) {
  around_.store.DieBefore(v1::GENERATION_STATE_RENDERING);
  Order order = Kitten();
  order.allow_resubmission = true;
  RunAndDie(order);
  const v1::Generation made = Restart();
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  ASSERT_EQ(made.attempts_size(), 2);
  EXPECT_EQ(made.attempts(0).charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(made.attempts(1).charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(around_.upstream.paid(), 2);
}

TEST_F(CrashTest, WhereTheUpstreamRejectsDuplicatesTheRestartAsksAndIsToldThatItWasMade) {
  around_.rejects_duplicates = true;
  around_.upstream.set_rejects_duplicates();
  around_.store.DieBefore(v1::GENERATION_STATE_RENDERING);
  RunAndDie();
  const v1::Generation ended = Restart();
  EXPECT_EQ(ReasonOf(ended.error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(ended.charge().cost_micros(), 15'000);
  EXPECT_EQ(around_.upstream.paid(), 1);
}

TEST_F(CrashTest, WhereTheUpstreamRejectsDuplicatesAndHadNothingTheRestartMakesTheImageForOnePrice) {
  around_.rejects_duplicates = true;
  around_.upstream.set_rejects_duplicates();
  around_.store.DieAfter(v1::GENERATION_STATE_SUBMITTING);
  RunAndDie();
  const v1::Generation made = Restart();
  ExpectDelivered(made);
  EXPECT_EQ(made.attempts(0).charge().state(), v1::CHARGE_STATE_NONE);
}

TEST_F(CrashTest, WhereTheUpstreamRejectsDuplicatesTheRestartAsksTheKeyThatMayHaveIt) {
  fakes::ScriptedImageModel other("ffffffff");
  around_.rejects_duplicates = true;
  around_.upstream.set_rejects_duplicates();
  around_.store.DieBefore(v1::GENERATION_STATE_RENDERING);
  RunAndDie();
  around_.accounts = {&other, &around_.upstream};
  EXPECT_EQ(Restart().charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(around_.upstream.paid() + other.paid(), 1);
}

TEST_F(CrashTest, WhereTheKeyThatMayHaveItIsNotConfiguredAnyMoreNobodyIsAsked) {
  fakes::ScriptedImageModel other("ffffffff");
  around_.rejects_duplicates = true;
  around_.store.DieAfter(v1::GENERATION_STATE_SUBMITTING);
  RunAndDie();
  around_.accounts = {&other};
  ExpectOutcomeUnknown(Restart());
  EXPECT_EQ(other.submissions(), 0);
}

TEST_F(CrashTest, AResumedTaskStaysWithItsKey) {
  fakes::ScriptedImageModel other("ffffffff");
  around_.store.DieAfter(v1::GENERATION_STATE_RENDERING);
  RunAndDie();
  around_.accounts = {&other, &around_.upstream};
  ExpectDelivered(Restart());
  EXPECT_EQ(other.polls(), 0);
}

TEST_F(CrashTest, ATaskWhoseKeyIsNotConfiguredAnyMoreEndsTypedWithItsIdAndItsCharge) {
  fakes::ScriptedImageModel other("ffffffff");
  around_.store.DieAfter(v1::GENERATION_STATE_RENDERING);
  RunAndDie();
  around_.accounts = {&other};
  const v1::Generation ended = Restart();
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_CREDENTIALS");
  EXPECT_EQ(MetadataOf(ended.error(), "task_id"), "task-1");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
}

TEST_F(CrashTest, AfterALongPauseTheUpstreamMayBeUnreachableForAMomentYet) {
  around_.store.DieAfter(v1::GENERATION_STATE_RENDERING);
  RunAndDie();
  {
    Process idle(around_);
    idle.RunFor(absl::Hours(5));
  }
  for (int i = 0; i < 3; ++i) around_.upstream.OnPoll(Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kYes, "dns"));
  ExpectDelivered(Restart());
}

TEST_F(CrashTest, AfterALongPauseTheQueueIsStillServed) {
  around_.limits = {.start = 1, .max = 1};
  around_.upstream.poll_hold().Close();
  std::vector<std::string> names;
  {
    Process process(around_);
    for (int i = 0; i < 4; ++i) {
      const auto started = process.Start(Kitten("request-" + std::to_string(i)));
      ASSERT_TRUE(started.ok());
      names.push_back(started->current()->generation().name());
    }
    process.Settle();
  }
  around_.upstream.poll_hold().Open();
  {
    Process idle(around_);
    idle.RunFor(absl::Hours(5));
  }
  Process process(around_);
  ASSERT_TRUE(process.Recover().ok());
  process.RunToEnd();
  for (const std::string& name : names) EXPECT_EQ(process.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.paid(), 4);
}

TEST_F(CrashTest, ManyCrashesInARowStillEndInOneImageForOnePrice) {
  around_.queue_first = true;
  around_.store.DieAfter(v1::GENERATION_STATE_QUEUED);
  RunAndDie();
  for (const v1::GenerationState state :
       {v1::GENERATION_STATE_RENDERING, v1::GENERATION_STATE_FETCHING, v1::GENERATION_STATE_SUCCEEDED}) {
    around_.store.Revive();
    if (state == v1::GENERATION_STATE_RENDERING) {
      around_.store.DieAfter(state);
    } else {
      around_.store.DieBefore(state);
    }
    Process process(around_);
    std::vector<absl::StatusOr<Watcher>> answers;
    process.StartLater(Kitten(), answers);
    ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
  }
  ExpectDelivered(Restart());
}

Record RecordIn(v1::GenerationState state, const std::string& name) {
  Record record;
  record.mutable_generation()->set_state(state);
  record.mutable_generation()->set_name(name);
  return record;
}

TEST(RecoveryTest, TasksAndImagesComeBeforeTheQueueEachOldestFirst) {
  std::vector<std::string> names;
  for (const Record& record : InOrderOfRecovery({RecordIn(v1::GENERATION_STATE_QUEUED, "1"),
                                                 RecordIn(v1::GENERATION_STATE_RENDERING, "2"),
                                                 RecordIn(v1::GENERATION_STATE_QUEUED, "3"),
                                                 RecordIn(v1::GENERATION_STATE_FETCHING, "4"),
                                                 RecordIn(v1::GENERATION_STATE_SUBMITTING, "5")})) {
    names.push_back(record.generation().name());
  }
  EXPECT_THAT(names, ElementsAre("2", "4", "5", "1", "3"));
}

}  // namespace
}  // namespace easel::generation
