#include <gmock/gmock.h>

#include "generation/error.h"
#include "tests/unit/generation/admission_fixture.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;

using Answer = Governor::Answer;
using Event = Admission::Event;

class AdmissionAccountsTest : public AdmissionTest {
 protected:
  // A run of failures at the only account that there is.
  void BreakIt() {
    for (int i = 0; i < Breaker::kFailures; ++i) {
      Use(Queue("fails-" + std::to_string(i)), Answer::kFailed);
      RunFor(Breaker::kRun / (Breaker::kFailures - 2));
    }
  }
};

TEST_F(AdmissionAccountsTest, WhoStandsBehindOneThatFitsNoFreeAccountGoesFirst) {
  Open({.start = 1, .max = 1}, 100, {&first_, &second_});
  Guest& at_first = Queue("at first");
  Guest& at_second = Queue("at second");
  Admission::Entry picky = EntryOf("before all", "anna");
  picky.not_at = {&first_};
  Guest& in_front = Queue(std::move(picky));
  Guest& behind = Queue("behind");
  GiveBack(at_first);
  EXPECT_FALSE(in_front.answered);
  EXPECT_TRUE(behind.turn);
  GiveBack(at_second);
  EXPECT_TRUE(in_front.turn);
}

TEST_F(AdmissionAccountsTest, AGoodAnswerThatMakesRoomLetsTheNextOneGoAtOnce) {
  Open({.start = 1, .max = 2});
  Guest& running = Queue("running");
  Guest& next = Queue("next");
  EXPECT_FALSE(next.answered);
  Report(running, Governor::Answer::kTaken);
  EXPECT_TRUE(next.turn);
}

TEST_F(AdmissionAccountsTest, APausedAccountOpensAgainByItself) {
  Open();
  Guest& refused = Queue("refused");
  Report(refused, Governor::Answer::kOverloaded);
  GiveBack(refused);
  Guest& next = Queue("next");
  RunFor(absl::Seconds(29));
  EXPECT_FALSE(next.answered);
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(next.turn);
}

TEST_F(AdmissionAccountsTest, ASecondAccountIsUsedWhenTheFirstIsFull) {
  Open({.start = 1, .max = 1}, 100, {&first_, &second_});
  EXPECT_EQ(&Queue("a").turn->account(), &first_);
  EXPECT_EQ(&Queue("b").turn->account(), &second_);
}

TEST_F(AdmissionAccountsTest, AnAccountThatIsSetAsideWaitsForItsProbeWhileAnotherOneIsHealthy) {
  Open({.start = 1, .max = 1}, 100, {&first_, &second_});
  Guest& refused = Queue("refused");
  Report(refused, Governor::Answer::kRefusedKey);
  GiveBack(refused);
  Guest& a = Queue("a");
  EXPECT_EQ(&a.turn->account(), &second_);
  Guest& b = Queue("b");
  EXPECT_FALSE(b.answered);
  RunFor(absl::Minutes(1));
  ASSERT_TRUE(b.turn);
  EXPECT_EQ(&b.turn->account(), &first_);
}

TEST_F(AdmissionAccountsTest, WhereEveryAccountIsSetAsideOneIsAskedAllTheSame) {
  Open();
  Guest& refused = Queue("refused");
  Report(refused, Governor::Answer::kRefusedKey);
  GiveBack(refused);
  EXPECT_TRUE(Queue("next").turn);
}


TEST_F(AdmissionAccountsTest, ADeadKeyIsProbedThoughAnotherOneHasRoomAndComesBack) {
  Open({.start = 2, .max = 2}, 100, {&first_, &second_});
  Use(Queue("refused"), Answer::kRefusedKey);
  EXPECT_THAT(events_, ElementsAre(Event::kKeySetAside));
  Guest& a = Queue("a");
  EXPECT_EQ(&a.turn->account(), &second_);
  RunFor(absl::Minutes(1));
  Guest& probe = Queue("probe");
  ASSERT_TRUE(probe.turn);
  EXPECT_EQ(&probe.turn->account(), &first_);
  EXPECT_EQ(&Queue("meanwhile").turn->account(), &second_);
  Report(probe, Answer::kTaken);
  EXPECT_THAT(events_, ElementsAre(Event::kKeySetAside, Event::kKeyBack));
  EXPECT_EQ(&Queue("b").turn->account(), &first_);
}

TEST_F(AdmissionAccountsTest, ALaterUpstreamGetsNothingWhileTheFirstIsOnlyFull) {
  Open({.start = 1, .max = 1}, 100, {&first_, &elsewhere_});
  Guest& running = Queue("running");
  Guest& next = Queue("next");
  EXPECT_FALSE(next.answered);
  GiveBack(running);
  ASSERT_TRUE(next.turn);
  EXPECT_EQ(&next.turn->account(), &first_);
}

TEST_F(AdmissionAccountsTest, ALaterUpstreamGetsTheWorkWhileTheFirstIsPausedOrSetAsideAndThenNoMore) {
  Open({.start = 4, .max = 4}, 100, {&first_, &elsewhere_});
  Use(Queue("a"), Answer::kOverloaded);
  EXPECT_EQ(&Queue("b").turn->account(), &elsewhere_);
  RunFor(absl::Seconds(30));
  Guest& c = Queue("c");
  EXPECT_EQ(&c.turn->account(), &first_);
  Report(c, Answer::kRefusedKey);
  EXPECT_EQ(&Queue("d").turn->account(), &elsewhere_);
  Use(c, Answer::kTaken);
  EXPECT_EQ(&Queue("e").turn->account(), &first_);
}

TEST_F(AdmissionAccountsTest, WhereNoAccountTakesAnythingThatIsKnown) {
  Open({.start = 1, .max = 1}, 100, {&first_, &elsewhere_});
  EXPECT_TRUE(admission_->Takes(kModel, {}));
  Guest& a = Queue("a");
  EXPECT_TRUE(admission_->Takes(kModel, {})) << "it is only full";
  EXPECT_TRUE(admission_->Takes(kModel, {&first_}));
  EXPECT_FALSE(admission_->Takes(kModel, {&first_, &elsewhere_}));
  Report(a, Answer::kOverloaded);
  EXPECT_FALSE(admission_->Takes(kModel, {&elsewhere_}));
  EXPECT_TRUE(admission_->Takes("cogview", {&elsewhere_}));
}

TEST_F(AdmissionAccountsTest, APauseCountsAsExpectedWait) {
  Open();
  Use(Queue("a"), Answer::kOverloaded);
  EXPECT_EQ(admission_->ExpectedWait(kModel, absl::Seconds(20)), absl::Seconds(30));
  RunFor(absl::Seconds(10));
  EXPECT_EQ(admission_->ExpectedWait(kModel, absl::Seconds(20)), absl::Seconds(20));
  EXPECT_EQ(admission_->ExpectedWait("cogview", absl::Seconds(20)), absl::ZeroDuration());
}

TEST_F(AdmissionAccountsTest, BehindAnOpenBreakerAllWaitButOneThatTries) {
  Open({.start = 4, .max = 8});
  BreakIt();
  EXPECT_THAT(events_, ElementsAre(Event::kBreakerOpened));
  EXPECT_TRUE(admission_->Unreachable(kModel));
  RunFor(absl::Minutes(5));
  Guest& tries = Queue("tries");
  Guest& waits = Queue("waits");
  EXPECT_TRUE(tries.turn);
  EXPECT_FALSE(waits.answered);
  Use(tries, Answer::kFailed);
  EXPECT_FALSE(waits.answered);
  RunFor(absl::Seconds(4));
  ASSERT_TRUE(waits.turn) << "nobody has to come for the next try";
  Guest& next = Queue("next");
  EXPECT_FALSE(next.answered);
  Report(waits, Answer::kTaken);
  EXPECT_TRUE(next.turn);
  EXPECT_THAT(events_, ElementsAre(Event::kBreakerOpened, Event::kBreakerClosed));
  EXPECT_FALSE(admission_->Unreachable(kModel));
}

TEST_F(AdmissionAccountsTest, ABreakerIsItsUpstreamsOfAllKeysAndModels) {
  Open({.start = 4, .max = 8}, 100, {&first_, &second_, &elsewhere_});
  BreakIt();
  Guest& a = Queue("a");
  ASSERT_TRUE(a.turn);
  EXPECT_EQ(&a.turn->account(), &elsewhere_);
  Admission::Entry entry = EntryOf("b", "anna");
  entry.model = "cogview";
  EXPECT_EQ(&Queue(std::move(entry)).turn->account(), &elsewhere_);
  EXPECT_FALSE(admission_->Unreachable(kModel));
}

TEST_F(AdmissionAccountsTest, TasksAreOccupiedBehindAnOpenBreakerToo) {
  Open({.start = 4, .max = 8});
  BreakIt();
  EXPECT_TRUE(admission_->Occupy(first_, kModel));
}

TEST_F(AdmissionAccountsTest, RepetitionsWaitForTheirBudgetAndFirstSubmissionsDoNot) {
  Open({.start = 100, .max = 100});
  const auto again = [&](const std::string& name) -> Guest& {
    Admission::Entry entry = EntryOf(name, "anna");
    entry.first = true;
    entry.failed_at = {first_.upstream()};
    return Queue(std::move(entry));
  };
  for (int i = 0; i < static_cast<int>(RetryBudget::kSaved); ++i) EXPECT_TRUE(again("saved-" + std::to_string(i)).turn) << i;
  Guest& over = again("over");
  EXPECT_FALSE(over.answered);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Queue("first-" + std::to_string(i)).turn) << i;
  EXPECT_FALSE(over.answered);
  Queue("the fifth");
  EXPECT_TRUE(over.turn);
  Guest& later = again("later");
  EXPECT_FALSE(later.answered);
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(later.turn) << "there is a floor for each second";
}

TEST_F(AdmissionAccountsTest, WhatFailedAtAnotherUpstreamIsNoRepetitionHere) {
  Open({.start = 100, .max = 100});
  for (int i = 0; i < 2 * static_cast<int>(RetryBudget::kSaved); ++i) {
    Admission::Entry entry = EntryOf(std::to_string(i), "anna");
    entry.failed_at = {elsewhere_.upstream()};
    EXPECT_TRUE(Queue(std::move(entry)).turn) << i;
  }
}

}  // namespace
}  // namespace easel::generation
