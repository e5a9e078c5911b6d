// Limits of callers that hold at all processes together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/loop.h"
#include "tests/contract/postgres_server.h"
#include "tests/contract/postgres_stores.h"
#include "tests/contract/records.h"

namespace easel {
namespace {

using generation::CallerUsage;
using generation::Record;
using generation::Replicas;
using generation::Reservation;
using enum v1::GenerationState;

v1::Charge Dollars(std::int64_t micros, v1::ChargeState state = v1::CHARGE_STATE_MADE) {
  v1::Charge charge;
  charge.set_state(state);
  charge.set_currency("USD");
  charge.set_cost_micros(micros);
  return charge;
}

class PostgresQuotaTest : public testing::Test {
 protected:
  using Allows = std::function<bool(CallerUsage&)>;
  using Answer = absl::StatusOr<Reservation>;

  boost::asio::awaitable<Answer> Ask(PostgresStore& store, Record record, Allows allows) {
    Replicas::Quota quota{.price = Dollars(15), .today = today_, .allows = std::move(allows)};
    return store.replicas().ReserveWithin(std::move(quota), std::make_shared<const Record>(std::move(record)));
  }
  Answer Reserve(PostgresStore& store, Record record, Allows allows = [](CallerUsage&) { return true; }) {
    return loop_.Run(Ask(store, std::move(record), std::move(allows)));
  }
  // What the caller has when it asks for another one, which it does not get.
  CallerUsage Usage(PostgresStore& store, const std::string& caller = "default") {
    CallerUsage seen;
    const Answer refused = Reserve(store, MakeRecord(999, {.caller = caller}), [&](CallerUsage& usage) {
      seen = usage;
      return false;
    });
    EXPECT_TRUE(absl::IsResourceExhausted(refused.status())) << refused.status();
    return seen;
  }
  // It ends on the day of TimeOf(0), at this cost.
  void End(PostgresStore& store, const Record& record, v1::Charge charge) {
    Record end = Next(record, GENERATION_STATE_SUCCEEDED);
    end.mutable_generation()->mutable_end_time()->set_seconds(absl::ToUnixSeconds(TimeOf(0)));
    *end.mutable_generation()->mutable_charge() = std::move(charge);
    EXPECT_TRUE(loop_.Run(store.Update(end)).ok());
  }

  const storage::PostgresOptions options_ = PostgresServer::Get().NewDatabase();
  Loop loop_;  // outlives the stores
  PostgresStore one_{options_};
  PostgresStore other_{options_};
  absl::Time today_ = TimeOf(0);
};

TEST_F(PostgresQuotaTest, AllTogetherBeginNoMoreThanIsAllowed) {
  PostgresStore third(options_);
  std::vector<PostgresStore*> stores = {&one_, &other_, &third};
  std::vector<boost::asio::awaitable<Answer>> all;
  for (int n = 0; n < 60; ++n) {
    all.push_back(Ask(*stores[n % 3], MakeRecord(n), [](CallerUsage& usage) { return usage.in_flight < 7; }));
  }
  int inserted = 0;
  for (const Answer& answer : loop_.RunAll(std::move(all))) {
    inserted += answer.ok() && answer->inserted ? 1 : 0;
    EXPECT_TRUE(answer.ok() || absl::IsResourceExhausted(answer.status())) << answer.status();
  }
  EXPECT_EQ(inserted, 7);
  EXPECT_EQ(loop_.Run(one_.ListRunning())->size(), 7u);
}

TEST_F(PostgresQuotaTest, WhatIsInFlightCountsWhoeverRunsIt) {
  ASSERT_TRUE(Reserve(one_, MakeRecord(1))->inserted);
  ASSERT_TRUE(Reserve(other_, MakeRecord(2))->inserted);
  ASSERT_TRUE(Reserve(other_, MakeRecord(3, {.caller = "bob"}))->inserted);
  EXPECT_EQ(Usage(one_).in_flight, 2);
  EXPECT_EQ(Usage(one_).money_micros, 30);
  End(other_, MakeRecord(2), Dollars(0, v1::CHARGE_STATE_NONE));
  EXPECT_EQ(Usage(one_).in_flight, 1);
  EXPECT_EQ(Usage(one_).money_micros, 15);
}

TEST_F(PostgresQuotaTest, WhatWasSpentStaysSpentThatDay) {
  const Record first = MakeRecord(1);
  ASSERT_TRUE(Reserve(one_, first)->inserted);
  End(one_, first, Dollars(12, v1::CHARGE_STATE_UNKNOWN));
  EXPECT_EQ(Usage(other_).money_micros, 12);
  // A change after the end is no second payment, and the money does not come back with the record's removal.
  const Record end = *loop_.Run(one_.Get(NameOf(1)));
  ASSERT_TRUE(loop_.Run(other_.Update(Next(end, GENERATION_STATE_SUCCEEDED))).ok());
  EXPECT_EQ(Usage(other_).money_micros, 12);
  ASSERT_TRUE(loop_.Run(other_.Remove(NameOf(1), 3)).ok());
  EXPECT_EQ(Usage(other_).money_micros, 12);
  EXPECT_EQ(Usage(other_, "bob").money_micros, 0);
  today_ += absl::Hours(24);
  EXPECT_EQ(Usage(other_).money_micros, 0);
}

TEST_F(PostgresQuotaTest, ManyEndsAtOnceAreAllCounted) {
  std::vector<boost::asio::awaitable<absl::Status>> ends;
  for (int n = 0; n < 100; ++n) {
    PostgresStore& store = n % 2 == 0 ? one_ : other_;
    ASSERT_TRUE(loop_.Run(store.Reserve(MakeRecord(n))).ok());
    Record end = Next(MakeRecord(n), GENERATION_STATE_SUCCEEDED);
    end.mutable_generation()->mutable_end_time()->set_seconds(absl::ToUnixSeconds(TimeOf(0)));
    *end.mutable_generation()->mutable_charge() = Dollars(n);
    ends.push_back(store.Update(end));
  }
  for (const absl::Status& ended : loop_.RunAll(std::move(ends))) EXPECT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(Usage(one_).money_micros, 99 * 100 / 2);
}

TEST_F(PostgresQuotaTest, AStartIsTakenOnceByWhatIsNew) {
  const generation::StartBucket bucket{.left = 2.5, .filled = TimeOf(7)};
  EXPECT_LT(Usage(one_).starts.left, 0);
  const auto take = [&](CallerUsage& usage) {
    usage.starts = bucket;
    return true;
  };
  ASSERT_TRUE(Reserve(one_, MakeRecord(1), take)->inserted);
  EXPECT_EQ(Usage(other_).starts, bucket);
  const auto take_another = [](CallerUsage& usage) {
    usage.starts.left -= 1;
    return true;
  };
  EXPECT_FALSE(Reserve(other_, MakeRecord(1), take_another)->inserted);
  EXPECT_EQ(Usage(other_).starts, bucket);
  ASSERT_TRUE(Reserve(other_, MakeRecord(2), take_another)->inserted);
  EXPECT_EQ(Usage(one_).starts.left, 1.5);
}

}  // namespace
}  // namespace easel
