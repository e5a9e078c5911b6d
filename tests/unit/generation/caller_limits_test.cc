#include "generation/caller_limits.h"

#include <deque>

#include <gmock/gmock.h>

#include "generation/error.h"
#include "generation/time.h"
#include "google/rpc/error_details.pb.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Charge Usd(std::int64_t micros, v1::ChargeState state = v1::CHARGE_STATE_MADE) {
  v1::Charge charge;
  charge.set_state(state);
  charge.set_cost_micros(micros);
  charge.set_currency("USD");
  return charge;
}

v1::Generation Cost(std::int64_t micros, v1::ChargeState state = v1::CHARGE_STATE_MADE) {
  v1::Generation generation;
  *generation.add_attempts()->mutable_charge() = Usd(micros, state);
  return generation;
}

// Each excess as "caller limit mode times".
class Counted final : public Metrics {
 public:
  void CallerLimitExceeded(std::string_view caller, std::string_view limit, std::string_view mode, int times) override {
    lines.push_back(std::string(caller) + " " + std::string(limit) + " " + std::string(mode) + " " + std::to_string(times));
  }
  std::vector<std::string> lines;
};

class CallerLimitsTest : public ::testing::Test {
 protected:
  void Set(CallerLimit limit) {
    limits_.Set({{"ada", std::move(limit)}});
    metrics_.lines.clear();
  }
  // "" if it is let in, else the reason.
  std::string Ask(const std::string& caller = "ada", std::int64_t price = 15'000) {
    auto pass = limits_.Admit(caller, Usd(price));
    if (!pass.ok()) {
      refusal_ = ToRpcStatus(pass.status());
      return ReasonOf(refusal_);
    }
    passes_.push_back(*std::move(pass));
    passes_.back().Begin();
    return "";
  }
  void Pass(absl::Duration time) { clock_.RunFor(loop_, time); }

  boost::asio::io_context loop_;
  fakes::SimulatedClock clock_{absl::FromCivil(absl::CivilHour(2026, 11, 22, 12), absl::UTCTimeZone())};
  Counted metrics_;
  CallerLimits limits_{clock_, metrics_};
  std::deque<CallerLimits::Pass> passes_;
  google::rpc::Status refusal_;
  CallerUsage seen_;
};

TEST_F(CallerLimitsTest, WhoHasNoLimitsIsNeverRefused) {
  Set({.max_in_flight = 1});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Ask("bob"), "");
}

TEST_F(CallerLimitsTest, AnotherBeginsWhenOneHasEnded) {
  Set({.max_in_flight = 2});
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
  EXPECT_EQ(refusal_.code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(MetadataOf(refusal_, "limit"), "in_flight");
  EXPECT_GT(RetryAfterOf(refusal_), 0);
  passes_.front().End(Cost(15'000));
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
  EXPECT_THAT(metrics_.lines, ElementsAre("ada in_flight enforced 1", "ada in_flight enforced 1"));
}

TEST_F(CallerLimitsTest, WhatWasAcceptedBeforeCountsAndIsNotRefused) {
  Set({.max_in_flight = 1});
  passes_.push_back(limits_.Resume("ada", Usd(1)));
  passes_.push_back(limits_.Resume("ada", Usd(1)));
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
  passes_.clear();
  EXPECT_EQ(Ask(), "");
}

TEST_F(CallerLimitsTest, StartsComeBackEvenly) {
  Set({.starts_per_minute = 6, .burst = 2});
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
  EXPECT_EQ(MetadataOf(refusal_, "limit"), "starts");
  EXPECT_NEAR(RetryAfterOf(refusal_), 10, 0.1);
  Pass(absl::Seconds(9));
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
  Pass(absl::Seconds(1));
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
  Pass(absl::Hours(1));
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
}

TEST_F(CallerLimitsTest, WithoutABurstAMinutesWorthMayComeAtOnce) {
  Set({.starts_per_minute = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
}

TEST_F(CallerLimitsTest, AStartThatWasNoneIsGivenBack) {
  Set({.starts_per_minute = 1});
  { const auto pass = limits_.Admit("ada", Usd(1)); }
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
}

TEST_F(CallerLimitsTest, WhatIsInFlightIsSetAsideFromTheDaysMoney) {
  Set({.daily_budgets = {{"USD", 30'000}}});
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_BUDGET");
  EXPECT_EQ(MetadataOf(refusal_, "limit"), "daily_budget");
  EXPECT_EQ(MetadataOf(refusal_, "reset_time"), "2026-11-23T00:00:00Z");
  EXPECT_EQ(RetryAfterOf(refusal_), -1);
  passes_.front().End(Cost(0, v1::CHARGE_STATE_NONE));
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_BUDGET");
}

TEST_F(CallerLimitsTest, WhatWasOrMayHaveBeenPaidIsSpentUntilMidnight) {
  Set({.daily_budgets = {{"USD", 30'000}}});
  EXPECT_EQ(Ask(), "");
  passes_.back().End(Cost(15'000));
  EXPECT_EQ(Ask(), "");
  passes_.back().End(Cost(15'000, v1::CHARGE_STATE_UNKNOWN));
  EXPECT_EQ(Ask(), "CALLER_BUDGET");
  EXPECT_THAT(refusal_.message(), HasSubstr("30000 of the 30000"));
  Pass(absl::Hours(12));
  EXPECT_EQ(Ask(), "");
}

TEST_F(CallerLimitsTest, EachCurrencyHasItsOwnBudget) {
  Set({.daily_budgets = {{"CNY", 0}}});
  EXPECT_EQ(Ask(), "");
  v1::Charge yuan = Usd(100'000);
  yuan.set_currency("CNY");
  EXPECT_EQ(ReasonOf(limits_.Admit("ada", yuan).status()), "CALLER_BUDGET");
}

TEST_F(CallerLimitsTest, AShadowOnlyCounts) {
  Set({.max_in_flight = 1, .starts_per_minute = 1, .shadow = true});
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "");
  passes_.clear();
  EXPECT_EQ(Ask(), "");
  EXPECT_THAT(metrics_.lines, ElementsAre("ada in_flight shadow 1", "ada starts shadow 1"));
}

TEST_F(CallerLimitsTest, WhatAllProcessesHaveTogetherCounts) {
  Set({.max_in_flight = 3, .starts_per_minute = 6, .burst = 2, .daily_budgets = {{"USD", 30'000}}});
  const auto together = [&](CallerUsage usage) {
    auto pass = *limits_.Admit("ada", Usd(15'000));
    refusal_ = ToRpcStatus(limits_.AdmitTogether(pass, usage));
    seen_ = usage;
    return ReasonOf(refusal_) + " " + MetadataOf(refusal_, "limit");
  };
  EXPECT_EQ(together({.in_flight = 2}), " ");
  EXPECT_EQ(together({.in_flight = 3}), "CALLER_LIMIT in_flight");
  EXPECT_EQ(together({.money_micros = 15'000}), " ");
  EXPECT_EQ(together({.money_micros = 15'001}), "CALLER_BUDGET daily_budget");
  EXPECT_EQ(together({.starts = {.left = 0, .filled = clock_.Now()}}), "CALLER_LIMIT starts");
  EXPECT_EQ(together({.starts = {.left = 0, .filled = clock_.Now() - absl::Seconds(15)}}), " ");
  EXPECT_NEAR(seen_.starts.left, 0.5, 1e-6);
  EXPECT_EQ(seen_.starts.filled, clock_.Now());
}

TEST_F(CallerLimitsTest, AShadowCountsOnceWhatExceedsHereAndElsewhere) {
  Set({.max_in_flight = 1, .shadow = true});
  CallerUsage usage{.in_flight = 1};
  auto first = *limits_.Admit("ada", Usd(1));
  EXPECT_TRUE(limits_.AdmitTogether(first, usage).ok());
  auto second = *limits_.Admit("ada", Usd(1));
  EXPECT_TRUE(limits_.AdmitTogether(second, usage).ok());
  EXPECT_THAT(metrics_.lines, ElementsAre("ada in_flight shadow 1", "ada in_flight shadow 1"));
}

TEST_F(CallerLimitsTest, EveryLimitIsToldOfFromTheStart) {
  limits_.Set({{"ada", {.max_in_flight = 1, .daily_budgets = {{"USD", 1}}}}});
  EXPECT_THAT(metrics_.lines, ElementsAre("ada in_flight enforced 0", "ada daily_budget enforced 0"));
}

TEST_F(CallerLimitsTest, ALimitThatIsSetLaterKnowsWhatIsInFlight) {
  EXPECT_EQ(Ask(), "");
  Set({.max_in_flight = 1});
  EXPECT_EQ(Ask(), "CALLER_LIMIT");
}

TEST_F(CallerLimitsTest, WhatEndedTodayBeforeTheStartIsRemembered) {
  Set({.daily_budgets = {{"USD", 30'000}}});
  EXPECT_THAT(limits_.ToRemember(), ElementsAre("ada"));
  EXPECT_THAT(limits_.ToRemember(), ElementsAre());
  v1::Generation old = Cost(15'000);
  *old.mutable_end_time() = ToProto(limits_.Today() - absl::Seconds(1));
  limits_.Remember("ada", old);
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "");
  passes_.clear();
  *old.mutable_end_time() = ToProto(limits_.Today());
  limits_.Remember("ada", old);
  EXPECT_EQ(Ask(), "");
  EXPECT_EQ(Ask(), "CALLER_BUDGET");
}

}  // namespace
}  // namespace easel::generation
