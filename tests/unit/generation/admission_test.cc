#include "generation/admission.h"

#include <algorithm>
#include <deque>
#include <map>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/fakes/scripted_image_model.h"
#include "tests/fakes/simulated_clock.h"

namespace easel::generation {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;

constexpr char kModel[] = "glm-image";

// Somebody who waits for a turn, and keeps it until it is given back.
struct Guest {
  std::string name;
  std::optional<Admission::Turn> turn;
  bool answered = false;
  asio::cancellation_signal leave;
};

asio::awaitable<void> Stand(Admission& admission, Admission::Entry entry, Admission::Place place, Guest& guest,
                            std::vector<std::string>& order) {
  co_await asio::this_coro::throw_if_cancelled(false);
  guest.turn = co_await admission.Wait(std::move(entry), std::move(place));
  guest.answered = true;
  if (guest.turn) order.push_back(guest.name);
}

class AdmissionTest : public ::testing::Test {
 protected:
  ~AdmissionTest() override {
    loop_.reset();
    guests_.clear();
  }

  void Open(Governor::Limits limits = {.start = 1, .max = 8}, int queue_max = 100,
            std::vector<ImageModel*> accounts = {}) {
    if (accounts.empty()) accounts = {&first_};
    admission_ = std::make_unique<Admission>(queue_max, limits, accounts, std::vector<std::string>{kModel, "cogview"},
                                             clock_, metrics_, [] { return std::uint64_t{512}; }, loop_->get_executor());
  }

  Admission::Entry EntryOf(const std::string& name, const std::string& caller) {
    return {.name = name, .caller = caller, .model = kModel, .until = clock_.Now() + absl::Hours(2)};
  }
  Guest& Queue(Admission::Entry entry, Admission::Place place = {}) {
    Guest& guest = guests_.emplace_back();
    guest.name = entry.name;
    asio::co_spawn(*loop_, Stand(*admission_, std::move(entry), std::move(place), guest, order_),
                   asio::bind_cancellation_slot(guest.leave.slot(), asio::detached));
    Settle();
    return guest;
  }
  Guest& Queue(const std::string& name, const std::string& caller = "anna") { return Queue(EntryOf(name, caller)); }
  void GiveBack(Guest& guest) {
    guest.turn.reset();
    Settle();
  }
  void Report(Guest& guest, Governor::Answer answer) {
    guest.turn->Report(answer);
    Settle();
  }
  void Settle() { RunFor(absl::ZeroDuration()); }
  void RunFor(absl::Duration duration) { clock_.RunFor(*loop_, duration); }

  fakes::SimulatedClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  fakes::ScriptedImageModel first_{"00000001"};
  fakes::ScriptedImageModel second_{"00000002"};
  Metrics metrics_;
  std::unique_ptr<asio::io_context> loop_ = std::make_unique<asio::io_context>();
  std::unique_ptr<Admission> admission_;
  std::deque<Guest> guests_;
  std::vector<std::string> order_;
};

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
  EXPECT_EQ(admission_->Position("modest", kModel), 1);
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
  for (const auto& [name, caller] : entries) promised[name] = *admission_->Position(name, kModel);
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
  EXPECT_EQ(admission_->Position("running", kModel), std::nullopt);
  EXPECT_EQ(admission_->Position("nobody", kModel), std::nullopt);
  EXPECT_EQ(admission_->Position("running", "nothing"), std::nullopt);
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
  EXPECT_EQ(admission_->Position("hasty", kModel), std::nullopt);
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
  EXPECT_EQ(admission_->Position("next", kModel), 0);
  GiveBack(running);
  EXPECT_THAT(order_, ElementsAre("running", "next"));
}

TEST_F(AdmissionTest, WhoStoodBehindOneThatFitsNoFreeAccountGoesWhenThatOneLeaves) {
  Open({.start = 1, .max = 1}, 100, {&first_, &second_});
  Guest& at_first = Queue("at first");
  Guest& at_second = Queue("at second");
  Admission::Entry picky = EntryOf("picky", "anna");
  picky.not_at = {&first_};
  Guest& in_front = Queue(std::move(picky));
  Guest& behind = Queue("behind");
  GiveBack(at_first);
  EXPECT_FALSE(in_front.answered);
  in_front.leave.emit(asio::cancellation_type::terminal);
  Settle();
  EXPECT_TRUE(behind.turn);
  EXPECT_TRUE(at_second.turn);
}

TEST_F(AdmissionTest, AGoodAnswerThatMakesRoomLetsTheNextOneGoAtOnce) {
  Open({.start = 1, .max = 2});
  Guest& running = Queue("running");
  Guest& next = Queue("next");
  EXPECT_FALSE(next.answered);
  Report(running, Governor::Answer::kTaken);
  EXPECT_TRUE(next.turn);
}

TEST_F(AdmissionTest, APausedAccountOpensAgainByItself) {
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

TEST_F(AdmissionTest, ASecondAccountIsUsedWhenTheFirstIsFull) {
  Open({.start = 1, .max = 1}, 100, {&first_, &second_});
  EXPECT_EQ(&Queue("a").turn->account(), &first_);
  EXPECT_EQ(&Queue("b").turn->account(), &second_);
}

TEST_F(AdmissionTest, AnAccountThatIsSetAsideWaitsForItsProbeWhileAnotherOneIsHealthy) {
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

TEST_F(AdmissionTest, WhereEveryAccountIsSetAsideOneIsAskedAllTheSame) {
  Open();
  Guest& refused = Queue("refused");
  Report(refused, Governor::Answer::kRefusedKey);
  GiveBack(refused);
  EXPECT_TRUE(Queue("next").turn);
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
  EXPECT_EQ(admission_->Position("a", kModel), std::nullopt);
  EXPECT_EQ(admission_->Position("b", kModel), std::nullopt);
  loop_ = std::make_unique<asio::io_context>();
  EXPECT_TRUE(running.turn);
}

}  // namespace
}  // namespace easel::generation
