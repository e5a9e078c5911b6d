#include "generation/attempts.h"

#include <gtest/gtest.h>

#include "tests/fakes/scripted_image_model.h"

namespace easel::generation {
namespace {

class AttemptsTest : public ::testing::Test {
 protected:
  void Attempt(const ImageModel& account, v1::ChargeState state, const std::string& code = "1302") {
    BeginAttempt(generation_, account, "glm-image", absl::FromUnixSeconds(1));
    EndAttempt(generation_, absl::FromUnixSeconds(2), code, catalog_.Charge(generation_.spec(), state));
  }
  v1::Charge Total() const { return TotalCharge(generation_, catalog_); }

  const Catalog catalog_{Host::kZai};
  fakes::ScriptedImageModel account_{"00000001"};
  fakes::ScriptedImageModel other_{"00000002"};
  v1::Generation generation_ = [this] {
    v1::Generation generation;
    *generation.mutable_spec() = catalog_.Resolve({});
    return generation;
  }();
};

TEST_F(AttemptsTest, OfThoseThatCostNothingTheOldestGo) {
  for (int i = 0; i < 40; ++i) Attempt(account_, v1::CHARGE_STATE_NONE, std::to_string(i));
  ASSERT_EQ(generation_.attempts_size(), 16);
  EXPECT_EQ(generation_.attempts(0).code(), "24");
  EXPECT_EQ(Total().state(), v1::CHARGE_STATE_NONE);
}

TEST_F(AttemptsTest, WhatCostsOrMayCostSomethingIsNeverDroppedAndStaysInTheTotal) {
  Attempt(account_, v1::CHARGE_STATE_UNKNOWN, "timeout");
  for (int i = 0; i < 40; ++i) Attempt(account_, v1::CHARGE_STATE_NONE);
  Attempt(account_, v1::CHARGE_STATE_MADE, "");
  ASSERT_EQ(generation_.attempts_size(), 16);
  EXPECT_EQ(generation_.attempts(0).code(), "timeout");
  EXPECT_EQ(Total().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(Total().cost_micros(), 30'000);
}

TEST_F(AttemptsTest, MoreThanSixteenThatMayCostSomethingAreAllKept) {
  for (int i = 0; i < 20; ++i) Attempt(account_, v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(generation_.attempts_size(), 20);
  EXPECT_EQ(Total().cost_micros(), 20 * 15'000);
}

TEST_F(AttemptsTest, OneRequestUnderOneIdCostsOnceAtItsAccountAndSaysNothingOfOthers) {
  Attempt(other_, v1::CHARGE_STATE_UNKNOWN);
  Attempt(account_, v1::CHARGE_STATE_UNKNOWN);
  Attempt(account_, v1::CHARGE_STATE_UNKNOWN);
  SettleEarlierAttempts(generation_);
  EXPECT_EQ(generation_.attempts(0).charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(generation_.attempts(1).charge().state(), v1::CHARGE_STATE_NONE);
  EXPECT_EQ(generation_.attempts(2).charge().state(), v1::CHARGE_STATE_UNKNOWN);
  EXPECT_EQ(Total().cost_micros(), 30'000);
}

TEST_F(AttemptsTest, CurrenciesAreNotAddedUp) {
  const Catalog mainland(Host::kMainland);
  Attempt(account_, v1::CHARGE_STATE_UNKNOWN);
  BeginAttempt(generation_, other_, "glm-image", absl::FromUnixSeconds(3));
  EndAttempt(generation_, absl::FromUnixSeconds(4), "", mainland.Charge(generation_.spec(), v1::CHARGE_STATE_MADE));
  EXPECT_EQ(Total().currency(), "CNY");
  EXPECT_EQ(Total().cost_micros(), 100'000);
  EXPECT_EQ(Total().state(), v1::CHARGE_STATE_UNKNOWN);
}

}  // namespace
}  // namespace easel::generation
