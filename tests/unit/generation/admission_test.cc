#include <algorithm>
#include <map>

#include <gmock/gmock.h>

#include "generation/error.h"
#include "tests/unit/generation/admission_fixture.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;

TEST_F(AdmissionTest, ATurnComesAtOnceWhileThereIsRoomAndThenWhenOneIsGivenBack) {
  Open({.start = 2, .max = 8});
  Guest& a = Queue("a");
  Guest& b = Queue("b");
  Guest& c = Queue("c");
  EXPECT_TRUE(a.turn && b.turn);
  EXPECT_FALSE(c.answered);
  GiveBack(a);
  EXPECT_TRUE(c.turn);
}

TEST_F(AdmissionTest, AThousandOfOneCallersDoNotDelayTheOneOfAnother) {
  Open();
  Guest& running = Queue("running", "greedy");
  for (int i = 0; i < 1000; ++i) Queue("greedy-" + std::to_string(i), "greedy");
  Queue("modest", "modest");
  EXPECT_EQ(admission_->Position("modest"), 1);
  GiveBack(running);
  GiveBack(guests_[1]);
  EXPECT_THAT(order_, ElementsAre("running", "greedy-0", "modest"));
}

TEST_F(AdmissionTest, CallersTakeTurnsAndEachCallersOwnGoInTheirOrder) {
  Open();
  Guest& running = Queue("running");
  for (const char* name : {"a1", "a2", "a3"}) Queue(name, "anna");
  for (const char* name : {"b1", "b2"}) Queue(name, "bert");
  Queue("c1", "cleo");
  GiveBack(running);
  for (int i = 1; i < 6; ++i) GiveBack(*std::find_if(guests_.begin(), guests_.end(), [](const Guest& g) { return g.turn.has_value(); }));
  EXPECT_THAT(order_, ElementsAre("running", "a1", "b1", "c1", "a2", "b2", "a3"));
}

TEST_F(AdmissionTest, PositionsAreThePlacesInWhichTurnsAreReallyGiven) {
  Open();
  Guest& running = Queue("running");
  const std::vector<std::pair<std::string, std::string>> entries = {
      {"a1", "anna"}, {"b1", "bert"}, {"a2", "anna"}, {"a3", "anna"}, {"c1", "cleo"}, {"b2", "bert"}, {"a4", "anna"}, {"d1", "dora"}};
  for (const auto& [name, caller] : entries) Queue(name, caller);
  std::map<std::string, int> promised;
  for (const auto& [name, caller] : entries) promised[name] = *admission_->Position(name);
  GiveBack(running);
  for (std::size_t i = 1; i < entries.size(); ++i) {
    GiveBack(*std::find_if(guests_.begin(), guests_.end(), [](const Guest& g) { return g.turn.has_value(); }));
  }
  ASSERT_EQ(order_.size(), entries.size() + 1);
  for (std::size_t i = 1; i < order_.size(); ++i) EXPECT_EQ(promised[order_[i]], static_cast<int>(i) - 1) << order_[i];
}

TEST_F(AdmissionTest, WhatDoesNotWaitHasNoPosition) {
  Open();
  Queue("running");
  EXPECT_EQ(admission_->Position("running"), std::nullopt);
  EXPECT_EQ(admission_->Position("nobody"), std::nullopt);
  EXPECT_EQ(admission_->Position("running"), std::nullopt);
}

TEST_F(AdmissionTest, WhatHasWaitedBeforeGoesInFrontOfItsCallersOthers) {
  Open();
  Guest& running = Queue("running");
  Queue("new");
  Admission::Entry entry = EntryOf("refused before", "anna");
  entry.first = true;
  Queue(std::move(entry));
  GiveBack(running);
  EXPECT_THAT(order_, ElementsAre("running", "refused before"));
}

TEST_F(AdmissionTest, ACallersOwnGoByTheirAgeWhateverTheOrderInWhichTheyCome) {
  Open();
  Guest& running = Queue("running");
  for (const int number : {3, 1, 4, 2}) Queue(OfBefore(number));
  GiveBack(running);
  for (int i = 1; i < 4; ++i) GiveBack(*std::find_if(guests_.begin(), guests_.end(), [](const Guest& g) { return g.turn.has_value(); }));
  EXPECT_THAT(order_, ElementsAre("running", "g1", "g2", "g3", "g4"));
}

TEST_F(AdmissionTest, NothingLeavesTheQueueBeforeAllThatWaitedBeforeARestartStandInIt) {
  Open();
  Admission::Place first = admission_->Expect();
  Admission::Place second = admission_->Expect();
  Admission::Place third = admission_->Expect();
  Queue("new", "bert");
  Queue(OfBefore(2), std::move(second));
  Queue(OfBefore(3), std::move(third));
  EXPECT_THAT(order_, ElementsAre());
  Queue(OfBefore(1), std::move(first));
  for (int i = 0; i < 3; ++i) GiveBack(*std::find_if(guests_.begin(), guests_.end(), [](const Guest& g) { return g.turn.has_value(); }));
  EXPECT_THAT(order_, ElementsAre("new", "g1", "g2", "g3"));
}

TEST_F(AdmissionTest, WhatWasExpectedAndDoesNotComeKeepsNobodyWaiting) {
  Open();
  std::optional<Admission::Place> expected = admission_->Expect();
  Guest& next = Queue("next");
  EXPECT_FALSE(next.answered);
  expected.reset();
  Settle();
  EXPECT_TRUE(next.turn);
}

TEST_F(AdmissionTest, AFullQueuePromisesNoPlaceAndSaysWhenToComeBack) {
  Open({.start = 1, .max = 1}, 2);
  std::vector<Admission::Place> places;
  for (int i = 0; i < 3; ++i) {
    auto place = admission_->Promise(kModel);
    ASSERT_TRUE(place.ok()) << i;
    places.push_back(*std::move(place));
  }
  const absl::Status full = admission_->Promise(kModel).status();
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_EQ(ReasonOf(ToRpcStatus(full)), "QUEUE_FULL");
  EXPECT_TRUE(admission_->Promise("cogview").ok());
}

TEST_F(AdmissionTest, AnUnusedPromiseGivesItsPlaceBack) {
  Open({.start = 1, .max = 1}, 0);
  {
    const auto place = admission_->Promise(kModel);
    ASSERT_TRUE(place.ok());
    EXPECT_FALSE(admission_->Promise(kModel).ok());
  }
  EXPECT_TRUE(admission_->Promise(kModel).ok());
}

TEST_F(AdmissionTest, APromisedPlaceIsTheOneThatIsTaken) {
  Open({.start = 1, .max = 1}, 1);
  auto place = admission_->Promise(kModel);
  Guest& running = Queue(EntryOf("running", "anna"), *std::move(place));
  auto next = admission_->Promise(kModel);
  ASSERT_TRUE(next.ok());
  Queue(EntryOf("waiting", "anna"), *std::move(next));
  EXPECT_FALSE(admission_->Promise(kModel).ok());
  GiveBack(running);
  EXPECT_TRUE(admission_->Promise(kModel).ok());
}

TEST_F(AdmissionTest, AWaitEndsWhenItsTimeIsUp) {
  Open();
  Queue("running");
  Admission::Entry entry = EntryOf("hasty", "anna");
  entry.until = clock_.Now() + absl::Seconds(30);
  Guest& hasty = Queue(std::move(entry));
  RunFor(absl::Seconds(29));
  EXPECT_FALSE(hasty.answered);
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(hasty.answered);
  EXPECT_FALSE(hasty.turn);
  EXPECT_EQ(admission_->Position("hasty"), std::nullopt);
}

TEST_F(AdmissionTest, ThePatientInFrontDoNotKeepTheHastyBehindThemWaiting) {
  Open();
  Queue("running");
  Queue("patient");
  Admission::Entry entry = EntryOf("hasty", "anna");
  entry.until = clock_.Now() + absl::Seconds(30);
  Guest& hasty = Queue(std::move(entry));
  RunFor(absl::Seconds(30));
  EXPECT_TRUE(hasty.answered);
}

TEST_F(AdmissionTest, ACancelledWaitEndsAtOnceAndLeavesNoGapBehind) {
  Open();
  Guest& running = Queue("running");
  Guest& left = Queue("left");
  Queue("next");
  left.leave.emit(asio::cancellation_type::terminal);
  Settle();
  EXPECT_TRUE(left.answered);
  EXPECT_FALSE(left.turn);
  EXPECT_EQ(admission_->Position("next"), 0);
  GiveBack(running);
  EXPECT_THAT(order_, ElementsAre("running", "next"));
}

TEST_F(AdmissionTest, ATaskOfBeforeARestartCountsEvenOverTheLimit) {
  Open();
  std::optional<Admission::Turn> a = admission_->Occupy(first_, kModel);
  std::optional<Admission::Turn> b = admission_->Occupy(first_, kModel);
  EXPECT_EQ(&b->account(), &first_);
  Guest& next = Queue("next");
  a.reset();
  Settle();
  EXPECT_FALSE(next.answered);
  b.reset();
  Settle();
  EXPECT_TRUE(next.turn);
  EXPECT_FALSE(admission_->Occupy(second_, kModel));
}

TEST_F(AdmissionTest, AfterItsCloseNoTurnIsGiven) {
  Open();
  Guest& running = Queue("running");
  Guest& next = Queue("next");
  admission_->Close();
  GiveBack(running);
  EXPECT_FALSE(next.answered);
}

TEST_F(AdmissionTest, TheExpectedWaitGrowsWithWhatIsAhead) {
  Open({.start = 2, .max = 2});
  EXPECT_EQ(admission_->ExpectedWait(kModel, absl::Seconds(20)), absl::ZeroDuration());
  Queue("a");
  EXPECT_EQ(admission_->ExpectedWait(kModel, absl::Seconds(20)), absl::ZeroDuration());
  Queue("b");
  EXPECT_EQ(admission_->ExpectedWait(kModel, absl::Seconds(20)), absl::Seconds(10));
  Queue("c");
  EXPECT_EQ(admission_->ExpectedWait(kModel, absl::Seconds(20)), absl::Seconds(20));
}

TEST_F(AdmissionTest, WaitersThatAreDestroyedWithTheirLoopAreForgotten) {
  Open();
  Guest& running = Queue("running");
  Queue("a");
  Queue("b", "bert");
  loop_.reset();
  EXPECT_EQ(admission_->Position("a"), std::nullopt);
  EXPECT_EQ(admission_->Position("b"), std::nullopt);
  loop_ = std::make_unique<asio::io_context>();
  EXPECT_TRUE(running.turn);
}

}  // namespace
}  // namespace easel::generation
