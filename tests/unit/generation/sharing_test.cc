// A process among others that share its store.
#include "generation/sharing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/catalog.h"
#include "generation/error.h"
#include "tests/fakes/fake_replicas.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using enum v1::GenerationState;

class SharingTest : public ::testing::Test {
 protected:
  SharingTest() {
    around_.replicas = &replicas_;
    replicas_.store = &around_.store;
    process_ = std::make_unique<Process>(around_);
    EXPECT_TRUE(process_->Recover().ok());
  }

  std::string Begin(const std::string& request_id = "kitten-1") {
    absl::StatusOr<Watcher> started = process_->Start(Kitten(request_id));
    EXPECT_TRUE(started.ok()) << started.status();
    const std::string name = started->current()->generation().name();
    replicas_.owned.push_back({name, Replicas::Wish::kNone});
    return name;
  }

  void Pulse() {
    replicas_.listener->Pulse();
    process_->Settle();
  }

  // What another process makes of it.
  void WriteElsewhere(const std::string& name, v1::GenerationState state) {
    Record record = *around_.store.Kept(name);
    record.mutable_generation()->set_state(state);
    record.mutable_generation()->set_revision(record.generation().revision() + 1);
    around_.store.Overwrite(record);
    replicas_.listener->Changed(name, record.generation().revision());
    process_->Settle();
  }

  fakes::FakeReplicas replicas_;
  Surroundings around_;
  std::unique_ptr<Process> process_;
};

TEST_F(SharingTest, WorksAsAlone) {
  const std::string name = Begin();
  process_->RunToEnd();
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(replicas_.held_images.size(), 1u);
}

TEST_F(SharingTest, WhatACallerHasElsewhereCountsAndAKnownIdIsNeverRefused) {
  around_.caller_limits = {{"default", {.max_in_flight = 2}}};
  process_ = std::make_unique<Process>(around_);
  ASSERT_TRUE(process_->Recover().ok());
  around_.upstream.poll_hold().Close();
  Begin("a");
  replicas_.elsewhere.in_flight = 2;
  const auto refused = process_->Start(Kitten("b"));
  EXPECT_EQ(ReasonOf(refused.status()), "CALLER_LIMIT");
  EXPECT_TRUE(process_->Start(Kitten("a")).ok());
  replicas_.elsewhere.in_flight = 1;
  EXPECT_TRUE(process_->Start(Kitten("b")).ok());
  around_.upstream.poll_hold().Open();
  process_->RunToEnd();
  replicas_.elsewhere.in_flight = 2;
  EXPECT_TRUE(process_->Start(Kitten("b")).ok());
  EXPECT_EQ(around_.upstream.submissions(), 2);
}

TEST_F(SharingTest, NothingIsSentUnderAnotherLeaseThanItWasRecordedUnder) {
  // Frozen after the record was written, expelled meanwhile, and back.
  around_.store.on_write = [&](const Record& record) {
    if (record.generation().state() == GENERATION_STATE_SUBMITTING && replicas_.held == 1) replicas_.held = 2;
  };
  const std::string name = Begin();
  process_->RunToEnd();
  const v1::Generation end = process_->Recorded(name);
  EXPECT_EQ(end.state(), GENERATION_STATE_SUCCEEDED);
  ASSERT_EQ(end.attempts_size(), 2);
  EXPECT_EQ(end.attempts(0).code(), "not_sent");
  EXPECT_EQ(end.attempts(0).charge().state(), v1::CHARGE_STATE_NONE);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(SharingTest, NothingIsSentWithoutALease) {
  replicas_.held = 0;
  const std::string name = Begin();
  process_->RunFor(absl::Minutes(1));
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_QUEUED);
  EXPECT_EQ(around_.upstream.submissions(), 0);
  replicas_.held = 2;
  process_->RunToEnd();
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_SUCCEEDED);
}

TEST_F(SharingTest, WhatAnotherTookOverIsLetGoAndWatchedOn) {
  absl::StatusOr<Watcher> watcher = process_->Start(Kitten());
  const std::string name = watcher->current()->generation().name();
  ASSERT_TRUE(process_->RunUntilState(name, GENERATION_STATE_RENDERING));
  Pulse();  // nothing is owned
  process_->RunFor(absl::Seconds(1));
  EXPECT_EQ(process_->generations().Running(), 0);
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_RENDERING);
  WriteElsewhere(name, GENERATION_STATE_FETCHING);
  WriteElsewhere(name, GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(watcher->current()->generation().state(), GENERATION_STATE_SUCCEEDED);
  EXPECT_TRUE(process_->ended().empty());
}

TEST_F(SharingTest, ARefusedWriteEndsTheWorkHereAndTellsTheOperatorNothing) {
  const std::string name = Begin();
  ASSERT_TRUE(process_->RunUntilState(name, GENERATION_STATE_RENDERING));
  around_.store.FailWrites(1, absl::FailedPreconditionError("another replica's"));
  process_->RunToEnd();
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_RENDERING);
  EXPECT_TRUE(process_->faults().empty());
}

TEST_F(SharingTest, WhatBelongsToNobodyIsCarriedOn) {
  const std::string name = Begin();
  ASSERT_TRUE(process_->RunUntilState(name, GENERATION_STATE_RENDERING));
  process_.reset();
  process_ = std::make_unique<Process>(around_);  // the other one
  replicas_.owned.clear();
  ASSERT_TRUE(process_->Recover().ok());
  EXPECT_EQ(process_->generations().Running(), 0);
  replicas_.free = {*around_.store.Kept(name)};
  Pulse();
  process_->RunToEnd();
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(SharingTest, WhatIsOursAndRunsNowhereIsCarriedOn) {
  const std::string name = Begin();
  ASSERT_TRUE(process_->RunUntilState(name, GENERATION_STATE_RENDERING));
  process_.reset();
  process_ = std::make_unique<Process>(around_);
  ASSERT_TRUE(process_->Recover().ok());  // as owned as before
  process_->RunToEnd();
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_SUCCEEDED);
}

TEST_F(SharingTest, OthersWishesAreDone) {
  const std::string name = Begin();
  ASSERT_TRUE(process_->RunUntilState(name, GENERATION_STATE_RENDERING));
  replicas_.owned.front().wish = Replicas::Wish::kAbort;  // and the news of it was lost
  Pulse();
  process_->RunToEnd();
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_CANCELLED);
}

TEST_F(SharingTest, AWishForWhatRunsElsewhereIsTold) {
  const std::string name = Begin();
  ASSERT_TRUE(process_->RunUntilState(name, GENERATION_STATE_RENDERING));
  process_.reset();
  process_ = std::make_unique<Process>(around_);
  replicas_.owned.clear();
  ASSERT_TRUE(process_->Recover().ok());
  const absl::StatusOr<Snapshot> marked = process_->Cancel(name, v1::CANCEL_POLICY_FINISH_AND_KEEP);
  ASSERT_TRUE(marked.ok()) << marked.status();
  EXPECT_TRUE((*marked)->generation().cancel_requested());
  EXPECT_THAT(replicas_.told, ElementsAre(Pair(name, Replicas::Wish::kMark)));
}

TEST_F(SharingTest, ACallerThatLeavesWithAbortIsToldToWhoRunsIt) {
  const std::string name = Begin();
  ASSERT_TRUE(process_->RunUntilState(name, GENERATION_STATE_RENDERING));
  process_.reset();
  process_ = std::make_unique<Process>(around_);
  replicas_.owned.clear();
  ASSERT_TRUE(process_->Recover().ok());
  absl::StatusOr<Watcher> watcher = process_->Start(Kitten());
  EXPECT_EQ(watcher->current()->generation().name(), name);
  watcher->Leave(v1::CANCEL_POLICY_ABORT);
  process_->Settle();
  EXPECT_THAT(replicas_.told, ElementsAre(Pair(name, Replicas::Wish::kLeave)));
}

TEST_F(SharingTest, ADeletedGenerationEndsForThoseWhoWatchedItElsewhere) {
  const std::string name = Begin();
  ASSERT_TRUE(process_->RunUntilState(name, GENERATION_STATE_RENDERING));
  process_.reset();
  process_ = std::make_unique<Process>(around_);
  replicas_.owned.clear();
  ASSERT_TRUE(process_->Recover().ok());
  absl::StatusOr<Watcher> watcher = process_->Watch("default", name);
  ASSERT_TRUE(watcher.ok()) << watcher.status();
  Record ended = *around_.store.Kept(name);
  ended.mutable_generation()->set_state(GENERATION_STATE_FAILED);
  around_.store.Overwrite(ended);
  ASSERT_TRUE(process_->Delete("default", name).ok());
  Pulse();
  EXPECT_EQ(watcher->current()->generation().state(), GENERATION_STATE_FAILED);
}

// How many each of three processes may have at the same time.
std::vector<int> TurnsOfThree(Governor::Limits limits) {
  Surroundings around;
  around.limits = limits;
  std::vector<int> turns;
  for (int rank = 0; rank < 3; ++rank) {
    Process process(around);
    process.admission().Share(rank, 3);
    std::vector<Admission::Turn> taken;
    while (auto turn = process.admission().TakeAtOnce(
               {.name = "x", .caller = "default", .model = "glm-image", .until = absl::InfiniteFuture()})) {
      taken.push_back(*std::move(turn));
    }
    turns.push_back(static_cast<int>(taken.size()));
  }
  return turns;
}

TEST(SharedLimitsTest, TogetherTheyAreExactlyTheWhole) {
  EXPECT_THAT(TurnsOfThree({.start = 7, .max = 7}), ElementsAre(3, 2, 2));
  EXPECT_THAT(TurnsOfThree({.start = 2, .max = 2}), ElementsAre(1, 1, 0));
  // A beginning is no limit.
  EXPECT_THAT(TurnsOfThree({.start = 1, .max = 9}), ElementsAre(1, 1, 1));
}

// One of two, and the limit is one.
class SecondOfTwoTest : public SharingTest {
 protected:
  SecondOfTwoTest() {
    around_.limits = {.start = 1, .max = 1};
    Stand(1, 2);
    process_ = std::make_unique<Process>(around_);
    EXPECT_TRUE(process_->Recover().ok());
  }

  void Stand(int rank, int count) { replicas_.place = {.rank = rank, .count = count}; }
};

TEST_F(SecondOfTwoTest, WhatComesInIsGivenToTheOther) {
  const std::string name = Begin();
  absl::StatusOr<Watcher> watcher = process_->Watch("default", name);
  Pulse();
  EXPECT_EQ(process_->generations().Running(), 0);
  EXPECT_TRUE(replicas_.owned.empty());
  WriteElsewhere(name, GENERATION_STATE_RENDERING);
  WriteElsewhere(name, GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(watcher->current()->generation().state(), GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.submissions(), 0);
}

TEST_F(SecondOfTwoTest, AnOrderThatComesInWaitsForNoPulse) {
  ASSERT_TRUE(process_->Start(Kitten()).ok());
  process_->Settle();
  EXPECT_EQ(process_->generations().Running(), 0);
}

TEST_F(SecondOfTwoTest, ADeadlineIsNotHopelessBecauseAnotherTakesIt) {
  Order order = Kitten();
  const v1::ImageSpec spec = Catalog(Host::kZai).Resolve(order.spec);
  for (int n = 0; n < 20; ++n) process_->history().Record(spec, absl::Seconds(20));
  order.deadline = around_.clock.Now() + absl::Seconds(30);
  EXPECT_TRUE(process_->Start(order).ok());
}

TEST_F(SecondOfTwoTest, TheQueueIsAsLongAsItIsAtAll) {
  replicas_.waiting = {{"glm-image", around_.queue_max}};
  Begin("a");
  process_->Settle();
  EXPECT_EQ(ReasonOf(process_->Start(Kitten("b")).status()), "QUEUE_FULL");
  replicas_.waiting = {};
  Pulse();
  EXPECT_TRUE(process_->Start(Kitten("b")).ok());
}

TEST_F(SecondOfTwoTest, NothingIsTakenOverBeforeThereIsAShareOfTheLimit) {
  const std::string name = Begin();
  Pulse();
  replicas_.free = {*around_.store.Kept(name)};
  Pulse();
  EXPECT_EQ(replicas_.free.size(), 1u);
  Stand(0, 1);
  Pulse();
  EXPECT_TRUE(replicas_.free.empty());
  process_->RunToEnd();
  EXPECT_EQ(process_->StateOf(name), GENERATION_STATE_SUCCEEDED);
}

TEST_F(SecondOfTwoTest, AKeyThatIsSetAsideIsNotTriedWithoutAShare) {
  Stand(0, 1);
  Pulse();
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_CREDENTIALS, Taken::kNo, "1000", 401));
  Begin("a");
  process_->RunToEnd();
  Stand(1, 2);
  Pulse();
  Begin("b");
  process_->RunFor(absl::Minutes(30));
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(SecondOfTwoTest, WhoShutsDownGivesAwayWhatWaitsAndKeepsWhatRuns) {
  Stand(0, 2);
  Pulse();
  around_.upstream.poll_hold().Close();
  const std::string running = Begin("running");
  const std::string waiting = Begin("waiting");
  ASSERT_TRUE(process_->RunUntilState(running, GENERATION_STATE_RENDERING));
  process_->generations().StopTaking();
  process_->Settle();
  ASSERT_EQ(replicas_.let_go.size(), 1u);
  EXPECT_EQ(replicas_.let_go[0].name, waiting);
  EXPECT_EQ(process_->generations().Running(), 1);
  around_.upstream.poll_hold().Open();
  process_->RunToEnd();
  EXPECT_EQ(process_->StateOf(running), GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(process_->StateOf(waiting), GENERATION_STATE_QUEUED);
}

}  // namespace
}  // namespace easel::generation
