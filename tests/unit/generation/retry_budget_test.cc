#include "generation/retry_budget.h"

#include <gtest/gtest.h>

namespace easel::generation {
namespace {

class RetryBudgetTest : public ::testing::Test {
 protected:
  // As many repetitions as there are now.
  int SpendAll() {
    int spent = 0;
    for (; budget_.Has(now_) && spent < 1000; ++spent) budget_.Spend(now_);
    return spent;
  }

  RetryBudget budget_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

TEST_F(RetryBudgetTest, BeginsWithWhatCanBeSaved) { EXPECT_EQ(SpendAll(), 20); }

TEST_F(RetryBudgetTest, EveryFiveFirstSubmissionsEarnOne) {
  SpendAll();
  for (int i = 0; i < 50; ++i) budget_.Earn(now_);
  EXPECT_EQ(SpendAll(), 10);
}

TEST_F(RetryBudgetTest, EverySecondEarnsTwoAndNoMoreThanTwentyAreSaved) {
  SpendAll();
  now_ += absl::Seconds(3);
  EXPECT_EQ(SpendAll(), 6);
  now_ += absl::Hours(24);
  for (int i = 0; i < 500; ++i) budget_.Earn(now_);
  EXPECT_EQ(SpendAll(), 20);
}

TEST_F(RetryBudgetTest, NextIsWhenThereIsOne) {
  EXPECT_EQ(budget_.Next(now_), now_);
  SpendAll();
  const absl::Time next = budget_.Next(now_);
  EXPECT_FALSE(budget_.Has(next - absl::Milliseconds(10)));
  EXPECT_TRUE(budget_.Has(next));
  EXPECT_LE(next - now_, absl::Milliseconds(501));
}

}  // namespace
}  // namespace easel::generation
