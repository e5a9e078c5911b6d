// Leases: what belongs to whom, when a process dies, freezes or leaves.
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/loop.h"
#include "tests/contract/postgres_server.h"
#include "tests/contract/postgres_stores.h"
#include "tests/contract/records.h"

namespace easel {
namespace {

using generation::Record;
using generation::Replicas;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using enum v1::GenerationState;

constexpr char kDigest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

class PostgresLeaseTest : public testing::Test {
 protected:
  template <typename T>
  T Run(boost::asio::awaitable<T> work) {
    return loop_.Run(std::move(work));
  }

  std::vector<std::string> TakenOver(PostgresStore& store, int limit = 10) {
    const auto taken = Run(store.replicas().TakeOver(limit));
    EXPECT_TRUE(taken.ok()) << taken.status();
    auto names = NamesOf(*taken);
    std::sort(names.begin(), names.end());
    return names;
  }

  std::vector<std::string> OwnedBy(PostgresStore& store) {
    std::vector<std::string> names;
    const auto all = Run(store.replicas().ListOwned());
    for (const auto& owned : *all) names.push_back(owned.name);
    return names;
  }

  // As if nobody had heard of that replica for a lease's time, and another one had noticed.
  void Expel(PostgresStore& store) { Sql(options_, "DELETE FROM replicas WHERE id = '" + store.replicas().owner() + "'"); }

  const storage::PostgresOptions options_ = PostgresServer::Get().NewDatabase();
  Loop loop_;
};

TEST_F(PostgresLeaseTest, WhatALivingReplicaOwnsIsNotTakenOver) {
  PostgresStore one(options_), other(options_);
  ASSERT_TRUE(Run(one.Reserve(MakeRecord(1))).ok());
  EXPECT_THAT(TakenOver(other), IsEmpty());
  EXPECT_THAT(OwnedBy(one), ElementsAreArray(NamesOf({1})));
  EXPECT_THAT(OwnedBy(other), IsEmpty());
}

TEST_F(PostgresLeaseTest, WhatAReplicaLeftIsTakenOverAtOnceAndOnceOnly) {
  PostgresStore one(options_), other(options_), third(options_);
  for (int n = 1; n <= 5; ++n) ASSERT_TRUE(Run(one.Reserve(MakeRecord(n))).ok());
  ASSERT_TRUE(Run(one.replicas().Leave()).ok());
  EXPECT_EQ(one.replicas().lease(), 0u);
  EXPECT_THAT(TakenOver(other, 2), ElementsAreArray(NamesOf({1, 2})));
  EXPECT_THAT(TakenOver(third), ElementsAreArray(NamesOf({3, 4, 5})));
  EXPECT_THAT(TakenOver(other), IsEmpty());
  EXPECT_THAT(OwnedBy(third), ElementsAreArray(NamesOf({3, 4, 5})));
}

TEST_F(PostgresLeaseTest, WhoWasExpelledCannotWriteWhatAnotherTookOver) {
  PostgresStore one(options_), other(options_);
  const Record first = MakeRecord(1);
  ASSERT_TRUE(Run(one.Reserve(first)).ok());
  Expel(one);
  ASSERT_THAT(TakenOver(other), ElementsAreArray(NamesOf({1})));
  EXPECT_TRUE(absl::IsFailedPrecondition(Run(one.Update(Next(first, GENERATION_STATE_SUBMITTING)))));
  EXPECT_TRUE(Run(other.Update(Next(first, GENERATION_STATE_SUBMITTING))).ok());
}

TEST_F(PostgresLeaseTest, WithoutALeaseNothingNewBegins) {
  PostgresStore store(options_);
  const Record failed = MakeRecord(1, {.state = GENERATION_STATE_FAILED, .end = 1});
  ASSERT_TRUE(Run(store.Reserve(failed)).ok());
  Expel(store);
  EXPECT_TRUE(absl::IsUnavailable(Run(store.Reserve(MakeRecord(2))).status()));
  EXPECT_TRUE(absl::IsUnavailable(Run(store.Update(Next(failed, GENERATION_STATE_QUEUED)))));
  EXPECT_TRUE(absl::IsUnavailable(Run(store.Check())));
  // What is known is known.
  EXPECT_FALSE(Run(store.Reserve(MakeRecord(3, {.request_id = "request-1"})))->inserted);
}

TEST_F(PostgresLeaseTest, WhoWasExpelledComesBackUnderAnotherLease) {
  storage::PostgresOptions quick = options_;
  quick.lease = absl::Milliseconds(600);
  PostgresStore store(quick);
  const std::uint64_t before = store.replicas().lease();
  const std::string owner = store.replicas().owner();
  Expel(store);
  while (store.replicas().lease() == before || store.replicas().lease() == 0) std::this_thread::yield();
  EXPECT_NE(store.replicas().owner(), owner);
  // Where a renewal is late, so short a lease is gone for a moment.
  while (!Run(store.Reserve(MakeRecord(1))).ok()) std::this_thread::yield();
}

TEST_F(PostgresLeaseTest, WhoIsNotHeardOfIsExpelledByWhoIsThereLongEnough) {
  storage::PostgresOptions quick = options_;
  quick.lease = absl::Milliseconds(600);
  storage::PostgresOptions rarely = options_;
  rarely.lease = absl::Hours(1);
  PostgresStore alive(quick);
  PostgresStore dead(rarely);  // does not renew in time to be seen alive again
  ASSERT_TRUE(Run(dead.Reserve(MakeRecord(1))).ok());
  Sql(options_, "UPDATE replicas SET lease_until = clock_timestamp() - interval '1 second' WHERE id = '" +
                    dead.replicas().owner() + "'");
  std::vector<std::string> taken;
  while (taken.empty()) taken = TakenOver(alive);
  EXPECT_THAT(taken, ElementsAreArray(NamesOf({1})));
}

TEST_F(PostgresLeaseTest, LivingReplicasAreCountedAndRanked) {
  storage::PostgresOptions quick = options_;
  quick.lease = absl::Seconds(2);  // whoever is expelled for a late renewal comes back at the end of the row
  PostgresStore one(quick), two(quick), three(quick);
  const auto is = [](PostgresStore& store, int rank, int count) {
    return store.replicas().standing() == Replicas::Standing{.rank = rank, .count = count};
  };
  while (!is(one, 0, 3) || !is(two, 1, 3) || !is(three, 2, 3)) std::this_thread::yield();
  ASSERT_TRUE(Run(one.replicas().Leave()).ok());
  while (!is(two, 0, 2) || !is(three, 1, 2)) std::this_thread::yield();
}

// What a listener hears, for threads that wait for it.
class Ear : public Replicas::Listener {
 public:
  void Changed(std::string_view name, std::int64_t revision) override {
    if (name == NameOf(1)) revision_ = revision;
  }
  void Wished(std::string_view name, Replicas::Wish wish) override {
    if (name == NameOf(1)) wish_ = wish;
  }
  void Reconnected() override { connected_ = true; }
  void Pulse() override { ++pulses_; }
  void NotRenewed(const absl::Status&) override { ++not_renewed_; }

  std::atomic<std::int64_t> revision_ = 0;
  std::atomic<Replicas::Wish> wish_ = Replicas::Wish::kNone;
  std::atomic<bool> connected_ = false;
  std::atomic<int> pulses_ = 0;
  std::atomic<int> not_renewed_ = 0;
};

TEST_F(PostgresLeaseTest, NewsReachTheOthers) {
  Ear ear;
  PostgresStore one(options_), other(options_);
  other.replicas().Listen(&ear);
  const Record first = MakeRecord(1);
  ASSERT_TRUE(Run(one.Reserve(first)).ok());
  PostgresServer::Get().BreakConnections();
  while (!ear.connected_) std::this_thread::yield();
  // What is said before somebody listens again is lost.
  Record record = first;
  while (ear.revision_ == 0) {
    const Record next = Next(record, GENERATION_STATE_FETCHING);
    if (Run(one.Update(next)).ok()) record = next;
  }
  ASSERT_TRUE(Run(one.replicas().Tell(NameOf(1), Replicas::Wish::kAbort)).ok());
  while (ear.wish_ != Replicas::Wish::kAbort) std::this_thread::yield();
  const int before = ear.pulses_;
  ASSERT_TRUE(Run(one.replicas().Leave()).ok());
  while (ear.pulses_ == before) std::this_thread::yield();
  other.replicas().Listen(nullptr);
}

TEST_F(PostgresLeaseTest, WhatWaitsCanBeGivenAwayAndNothingElse) {
  PostgresStore one(options_), other(options_);
  Ear ear;
  other.replicas().Listen(&ear);
  Record waiting = MakeRecord(1);
  const Record running = MakeRecord(2, {.state = GENERATION_STATE_RENDERING});
  ASSERT_TRUE(Run(one.Reserve(waiting)).ok());
  ASSERT_TRUE(Run(one.Reserve(running)).ok());
  // What is said before somebody listens is lost.
  while (ear.revision_ == 0) {
    waiting = Next(waiting, GENERATION_STATE_QUEUED);
    ASSERT_TRUE(Run(one.Update(waiting)).ok());
  }
  const int before = ear.pulses_;
  EXPECT_THAT(*Run(one.replicas().LetGoOfQueued()), ElementsAre(Pair(waiting.generation().spec().model(), 1)));
  EXPECT_THAT(OwnedBy(one), ElementsAreArray(NamesOf({2})));
  while (ear.pulses_ == before) std::this_thread::yield();
  EXPECT_THAT(TakenOver(other), ElementsAreArray(NamesOf({1})));
  EXPECT_TRUE(absl::IsFailedPrecondition(Run(one.Update(Next(waiting, GENERATION_STATE_SUBMITTING)))));
  EXPECT_TRUE(Run(one.Update(Next(running, GENERATION_STATE_FETCHING))).ok());
  other.replicas().Listen(nullptr);
}

TEST_F(PostgresLeaseTest, WhoCannotRenewHearsOfItOnceAndGoesOnWhenItCan) {
  Ear ear;
  storage::PostgresOptions quick = options_;
  quick.lease = absl::Milliseconds(600);
  PostgresStore store(quick);
  store.replicas().Listen(&ear);
  Sql(options_, "ALTER TABLE replicas RENAME TO away");
  while (ear.not_renewed_ == 0) std::this_thread::yield();
  const int before = ear.pulses_;
  Sql(options_, "ALTER TABLE away RENAME TO replicas");
  while (ear.pulses_ == before) std::this_thread::yield();
  EXPECT_EQ(ear.not_renewed_, 1);
  store.replicas().Listen(nullptr);
}

TEST_F(PostgresLeaseTest, AWishIsKeptForWhoeverRunsIt) {
  PostgresStore one(options_), other(options_);
  ASSERT_TRUE(Run(one.Reserve(MakeRecord(1))).ok());
  ASSERT_TRUE(Run(other.replicas().Tell(NameOf(1), Replicas::Wish::kAbort)).ok());
  ASSERT_TRUE(Run(other.replicas().Tell(NameOf(1), Replicas::Wish::kMark)).ok());
  const auto owned = Run(one.replicas().ListOwned());
  ASSERT_THAT(*owned, SizeIs(1));
  EXPECT_EQ(owned->front().wish, Replicas::Wish::kAbort);
  EXPECT_TRUE(absl::IsNotFound(Run(one.replicas().Tell(NameOf(9), Replicas::Wish::kAbort))));
}

TEST_F(PostgresLeaseTest, AnImageThatIsBeingKeptIsNotRemoved) {
  PostgresStore one(options_), other(options_);
  Record running = MakeRecord(1);
  ASSERT_TRUE(Run(one.Reserve(running)).ok());
  EXPECT_TRUE(Run(one.replicas().HoldImage(NameOf(1), kDigest)).ok());
  EXPECT_THAT(*Run(other.Unused({kDigest})), IsEmpty());
  EXPECT_FALSE(*Run(other.replicas().ClaimImage(kDigest)));
  // It ends with another image: nobody has this one.
  ASSERT_TRUE(Run(one.Update(Next(running, GENERATION_STATE_FAILED))).ok());
  EXPECT_TRUE(*Run(other.replicas().ClaimImage(kDigest)));
  ASSERT_TRUE(Run(one.Reserve(MakeRecord(2))).ok());
  EXPECT_TRUE(absl::IsUnavailable(Run(one.replicas().HoldImage(NameOf(2), kDigest))));
  ASSERT_TRUE(Run(other.replicas().ForgetImage(kDigest)).ok());
  EXPECT_TRUE(Run(one.replicas().HoldImage(NameOf(2), kDigest)).ok());
}

}  // namespace
}  // namespace easel
