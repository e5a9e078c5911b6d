#include "generation/breaker.h"

#include <gtest/gtest.h>

namespace easel::generation {
namespace {

using News = Breaker::News;

// In the middle: no jitter.
constexpr std::uint64_t kMiddle = 512;

class BreakerTest : public ::testing::Test {
 protected:
  void Fail(int times, absl::Duration pause) {
    for (int i = 0; i < times; ++i) {
      breaker_.Learn(News::kTrouble, now_, kMiddle);
      now_ += pause;
    }
  }
  void Open() {
    Fail(Breaker::kFailures, Breaker::kRun);
    ASSERT_TRUE(breaker_.open());
  }

  Breaker breaker_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

TEST_F(BreakerTest, ARunOfFailuresOpensIt) {
  Fail(Breaker::kFailures - 1, absl::Seconds(2));
  EXPECT_FALSE(breaker_.open());
  EXPECT_TRUE(breaker_.Admits(now_));
  breaker_.Learn(News::kTrouble, now_, kMiddle);
  EXPECT_TRUE(breaker_.open());
  EXPECT_FALSE(breaker_.Admits(now_));
  EXPECT_EQ(breaker_.next_try() - now_, Breaker::kFirst);
}

TEST_F(BreakerTest, ManyFailuresOfOneMomentAreNoRun) {
  Fail(1000, absl::ZeroDuration());
  EXPECT_FALSE(breaker_.open());
  now_ += Breaker::kRun;
  Fail(1, absl::ZeroDuration());
  EXPECT_TRUE(breaker_.open());
}

TEST_F(BreakerTest, AnyOtherAnswerInBetweenBeginsTheRunAnew) {
  for (int i = 0; i < 10; ++i) {
    Fail(Breaker::kFailures - 1, Breaker::kRun);
    breaker_.Learn(News::kAnswered, now_, kMiddle);
  }
  EXPECT_FALSE(breaker_.open());
}

TEST_F(BreakerTest, OneSubmissionTriesAndTheWhileDoublesUpToAMinute) {
  Open();
  now_ = breaker_.next_try();
  for (const int seconds : {4, 8, 16, 32, 60, 60}) {
    ASSERT_TRUE(breaker_.Admits(now_));
    breaker_.Take(now_, kMiddle);
    EXPECT_FALSE(breaker_.Admits(now_));
    EXPECT_EQ(breaker_.next_try() - now_, absl::Seconds(seconds));
    breaker_.Learn(News::kTrouble, now_, kMiddle);
    EXPECT_TRUE(breaker_.open());
    now_ = breaker_.next_try();
  }
}

TEST_F(BreakerTest, ATryThatSucceedsClosesItAndStartsAnew) {
  Open();
  now_ = breaker_.next_try();
  breaker_.Take(now_, kMiddle);
  breaker_.Learn(News::kAnswered, now_, kMiddle);
  EXPECT_FALSE(breaker_.open());
  EXPECT_TRUE(breaker_.Admits(now_));
  Open();
  EXPECT_EQ(breaker_.next_try() + Breaker::kRun - now_, Breaker::kFirst);
}

TEST_F(BreakerTest, ATryThatIsNeverAnsweredBlocksNobodyForLong) {
  Open();
  now_ = breaker_.next_try();
  breaker_.Take(now_, kMiddle);
  EXPECT_TRUE(breaker_.Admits(now_ + 2 * Breaker::kFirst));
}

TEST_F(BreakerTest, FailuresOfWhatWasSentBeforeDoNotMakeItLonger) {
  Open();
  const absl::Time next = breaker_.next_try();
  Fail(50, absl::ZeroDuration());
  EXPECT_EQ(breaker_.next_try(), next);
}

TEST_F(BreakerTest, AnUpstreamThatSwallowsWhatItIsSentGetsLessAndLess) {
  absl::Duration apart = Breaker::kApart;
  for (int sent = 1; sent < Breaker::kFailures; ++sent) {
    ASSERT_TRUE(breaker_.Admits(now_));
    breaker_.Take(now_, kMiddle);
    breaker_.Learn(News::kUnanswered, now_, kMiddle);
    if (sent < Breaker::kUnanswered) continue;
    EXPECT_EQ(breaker_.next_try() - now_, apart);
    now_ = breaker_.next_try();
    apart *= 2;
  }
  EXPECT_FALSE(breaker_.open());
  breaker_.Learn(News::kAnswered, now_, kMiddle);
  EXPECT_TRUE(breaker_.Admits(now_));
  breaker_.Take(now_, kMiddle);
  EXPECT_TRUE(breaker_.Admits(now_));
}

TEST_F(BreakerTest, ManyThatBreakAtTheSameMomentKeepTheNextApartOnce) {
  for (int i = 0; i < 100; ++i) breaker_.Learn(News::kUnanswered, now_, kMiddle);
  EXPECT_EQ(breaker_.next_try() - now_, Breaker::kApart);
}

TEST_F(BreakerTest, TheWhileIsJittered) {
  Fail(Breaker::kFailures - 1, Breaker::kRun);
  breaker_.Learn(News::kTrouble, now_, 0);
  EXPECT_EQ(breaker_.next_try() - now_, 0.75 * Breaker::kFirst);
}

}  // namespace
}  // namespace easel::generation
