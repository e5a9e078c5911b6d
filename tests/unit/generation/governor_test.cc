#include "generation/governor.h"

#include <gtest/gtest.h>

namespace easel::generation {
namespace {

using Answer = Governor::Answer;

// Jitter's middle: the plain duration.
constexpr std::uint64_t kPlain = 512;

class GovernorTest : public ::testing::Test {
 protected:
  void Learn(Answer answer, std::optional<absl::Duration> retry_after = std::nullopt) {
    governor_.Learn(answer, retry_after, now_, kPlain);
  }
  void Fill() {
    while (governor_.in_flight() < governor_.limit()) governor_.Take();
  }
  // How long it stays closed from now on.
  absl::Duration Pause() const { return governor_.reopens() - now_; }

  Governor governor_{{.start = 2, .max = 6}};
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

TEST_F(GovernorTest, StartsSmallAndHasRoomUpToItsLimit) {
  EXPECT_TRUE(governor_.HasRoom(now_));
  governor_.Take();
  EXPECT_TRUE(governor_.HasRoom(now_));
  governor_.Take();
  EXPECT_FALSE(governor_.HasRoom(now_));
  governor_.Release();
  EXPECT_TRUE(governor_.HasRoom(now_));
}

TEST_F(GovernorTest, GrowsByAboutOneForEachFullRoundOfGoodAnswersUpToItsMaximum) {
  for (const int expected : {3, 4, 5, 6, 6}) {
    Fill();
    for (int answer = 0; answer <= governor_.in_flight(); ++answer) Learn(Answer::kTaken);
    EXPECT_EQ(governor_.limit(), expected);
  }
}

TEST_F(GovernorTest, DoesNotGrowWhileItIsNotUsedToTheFull) {
  governor_.Take();
  for (int i = 0; i < 50; ++i) Learn(Answer::kTaken);
  EXPECT_EQ(governor_.limit(), 2);
}

TEST_F(GovernorTest, IsHalvedOnceForAllRefusalsOfOneRoundAndNeverBelowOne) {
  for (int i = 0; i < 40; ++i) {
    Fill();
    Learn(Answer::kTaken);
  }
  Fill();
  ASSERT_EQ(governor_.limit(), 6);
  for (int i = 0; i < 5; ++i) Learn(Answer::kBusy);
  EXPECT_EQ(governor_.limit(), 3);
  for (int round = 0; round < 4; ++round) {
    now_ += absl::Seconds(60);
    Learn(Answer::kBusy);
  }
  EXPECT_EQ(governor_.limit(), 1);
}

TEST_F(GovernorTest, BusyPausesDoubleFromASecondToThirtyAndAGoodAnswerStartsThemAnew) {
  for (const int seconds : {1, 2, 4, 8, 16, 30, 30}) {
    Learn(Answer::kBusy);
    EXPECT_EQ(Pause(), absl::Seconds(seconds));
    EXPECT_FALSE(governor_.HasRoom(now_));
    now_ = governor_.reopens();
    EXPECT_TRUE(governor_.HasRoom(now_));
  }
  Learn(Answer::kTaken);
  Learn(Answer::kBusy);
  EXPECT_EQ(Pause(), absl::Seconds(1));
}

TEST_F(GovernorTest, OverloadPausesAre30To120SecondsAndTheLimitStays) {
  for (const int seconds : {30, 60, 90, 120, 120}) {
    Learn(Answer::kOverloaded);
    EXPECT_EQ(Pause(), absl::Seconds(seconds));
    now_ = governor_.reopens();
  }
  EXPECT_EQ(governor_.limit(), 2);
}

TEST_F(GovernorTest, SeveralOverloadsAtOnceAreOneRound) {
  for (int i = 0; i < 4; ++i) Learn(Answer::kOverloaded);
  EXPECT_EQ(Pause(), absl::Seconds(30));
}

TEST_F(GovernorTest, RetryAfterTakesThePlaceOfItsOwnPauses) {
  Learn(Answer::kBusy, absl::Seconds(7));
  EXPECT_EQ(Pause(), absl::Seconds(7));
  now_ += absl::Seconds(7);
  Learn(Answer::kOverloaded, absl::Seconds(11));
  EXPECT_EQ(Pause(), absl::Seconds(11));
}

TEST_F(GovernorTest, ARefusedKeyIsSetAsideAndProbedByOneRequestAtATime) {
  for (const int minutes : {1, 2, 4, 8, 15, 15}) {
    Learn(Answer::kRefusedKey);
    EXPECT_TRUE(governor_.set_aside());
    EXPECT_EQ(Pause(), absl::Minutes(minutes));
    EXPECT_FALSE(governor_.HasRoom(now_));
    now_ = governor_.reopens();
    EXPECT_TRUE(governor_.HasRoom(now_));
    governor_.Take();
    EXPECT_FALSE(governor_.HasRoom(now_));
    governor_.Release();
  }
  Learn(Answer::kTaken);
  EXPECT_FALSE(governor_.set_aside());
  Learn(Answer::kRefusedKey);
  EXPECT_EQ(Pause(), absl::Minutes(1));
}

TEST_F(GovernorTest, SeveralRefusalsOfAKeyAtOnceAreOneRound) {
  for (int i = 0; i < 8; ++i) Learn(Answer::kRefusedKey);
  EXPECT_EQ(Pause(), absl::Minutes(1));
}

TEST_F(GovernorTest, OtherAnswersTeachNothing) {
  Learn(Answer::kOther);
  EXPECT_EQ(governor_.limit(), 2);
  EXPECT_TRUE(governor_.HasRoom(now_));
}

TEST(JitterTest, StaysWithinAQuarter) {
  for (std::uint64_t random = 0; random < 5000; ++random) {
    EXPECT_GE(Jittered(absl::Seconds(40), random), absl::Seconds(30));
    EXPECT_LE(Jittered(absl::Seconds(40), random), absl::Seconds(50));
  }
}

TEST(DoubledTest, NeverPassesItsLastNorOverflows) {
  EXPECT_EQ(Doubled(absl::Seconds(1), 0, absl::Seconds(30)), absl::Seconds(1));
  EXPECT_EQ(Doubled(absl::Seconds(1), 3, absl::Seconds(30)), absl::Seconds(8));
  EXPECT_EQ(Doubled(absl::Seconds(1), 1'000'000, absl::Seconds(30)), absl::Seconds(30));
  EXPECT_EQ(Doubled(absl::Seconds(1), -5, absl::Seconds(30)), absl::Seconds(1));
}

}  // namespace
}  // namespace easel::generation
