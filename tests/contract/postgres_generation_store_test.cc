// What only PostgresGenerationStore promises: tables, several processes, and a database that comes and goes.
#include "storage/postgres_generation_store.h"

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
using storage::PostgresOptions;
using storage::PostgresReplicas;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;
using enum v1::GenerationState;

class PostgresGenerationStoreTest : public testing::Test {
 protected:
  template <typename T>
  T Run(boost::asio::awaitable<T> work) {
    return loop_.Run(std::move(work));
  }

  const PostgresOptions options_ = PostgresServer::Get().NewDatabase();
  Loop loop_;
};

// From each version to the one before it.
constexpr char kBackToVersion2[] =
    "ALTER TABLE generations DROP COLUMN price_currency, DROP COLUMN price_micros; DROP TABLE caller_spending;"
    " DROP TABLE caller_starts; UPDATE easel_schema SET version = 2";
constexpr char kBackToVersion1[] =
    "ALTER TABLE generations DROP COLUMN cancel_wish, DROP COLUMN keeping; DROP TABLE removals;"
    " UPDATE easel_schema SET version = 1";

TEST_F(PostgresGenerationStoreTest, CarriesTheVersionsBeforeOn) {
  const Record record = MakeRecord(1);
  {
    PostgresStore store(options_);
    ASSERT_TRUE(Run(store.Reserve(record)).ok());
  }
  for (const bool first : {false, true}) {
    Sql(options_, kBackToVersion2);
    if (first) Sql(options_, kBackToVersion1);
    PostgresStore store(options_);
    EXPECT_EQ(Sql(options_, "SELECT version FROM easel_schema"), "3");
    EXPECT_EQ(Run(store.Get(NameOf(1)))->SerializeAsString(), record.SerializeAsString());
    EXPECT_EQ(Run(store.replicas().TakeOver(10))->size(), 0u);  // its owner's row is still there
  }
}

TEST_F(PostgresGenerationStoreTest, ManyMayStartAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> joined = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] { joined += PostgresReplicas::Join(options_).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(joined, 6);
}

TEST_F(PostgresGenerationStoreTest, LeavesTheTablesOfANewerEaselAlone) {
  { PostgresStore store(options_); }
  Sql(options_, "UPDATE easel_schema SET version = 99");
  const auto joined = PostgresReplicas::Join(options_);
  EXPECT_TRUE(absl::IsFailedPrecondition(joined.status())) << joined.status();
  EXPECT_THAT(joined.status().message(), HasSubstr("newer Easel"));
  EXPECT_EQ(Sql(options_, "SELECT version FROM easel_schema"), "99");
}

TEST_F(PostgresGenerationStoreTest, ADatabaseThatIsNotThereIsNamedWithoutItsPassword) {
  PostgresOptions wrong = options_;
  wrong.url = "postgres://easel:hush-hush@127.0.0.1:1/images";
  const auto joined = PostgresReplicas::Join(wrong);
  EXPECT_TRUE(absl::IsUnavailable(joined.status())) << joined.status();
  EXPECT_THAT(joined.status().message(), HasSubstr("127.0.0.1"));
  EXPECT_THAT(joined.status().message(), Not(HasSubstr("hush")));
}

TEST_F(PostgresGenerationStoreTest, AnotherReplicaReadsWhatOneWrote) {
  PostgresStore one(options_);
  PostgresStore other(options_);
  const Record first = MakeRecord(1);
  ASSERT_TRUE(Run(one.Reserve(first))->inserted);
  EXPECT_FALSE(Run(other.Reserve(MakeRecord(2, {.request_id = "request-1"})))->inserted);
  EXPECT_EQ(Run(other.Get(NameOf(1)))->SerializeAsString(), first.SerializeAsString());
}

TEST_F(PostgresGenerationStoreTest, OnlyTheOwnerWritesWhatRuns) {
  PostgresStore one(options_);
  PostgresStore other(options_);
  const Record first = MakeRecord(1);
  ASSERT_TRUE(Run(one.Reserve(first)).ok());
  const Record second = Next(first, GENERATION_STATE_SUBMITTING);
  EXPECT_TRUE(absl::IsFailedPrecondition(Run(other.Update(second))));
  EXPECT_TRUE(Run(one.Update(second)).ok());
  Record end = Next(second, GENERATION_STATE_FAILED);
  ASSERT_TRUE(Run(one.Update(end)).ok());
  // What has ended is nobody's: who starts it again has it from then on.
  const Record again = Next(end, GENERATION_STATE_QUEUED);
  EXPECT_TRUE(Run(other.Update(again)).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Run(one.Update(Next(again, GENERATION_STATE_SUBMITTING)))));
}

TEST_F(PostgresGenerationStoreTest, GoesOnByItselfAfterTheDatabaseWasAway) {
  PostgresStore store(options_);
  ASSERT_TRUE(Run(store.Reserve(MakeRecord(1))).ok());
  PostgresServer::Get().BreakConnections();
  // Whatever is told of what was under way, soon it works.
  while (!Run(store.Check()).ok()) std::this_thread::yield();
  EXPECT_TRUE(Run(store.Update(Next(MakeRecord(1), GENERATION_STATE_SUBMITTING))).ok());
}

TEST_F(PostgresGenerationStoreTest, TellsWhatWouldNotSurviveACrash) {
  PostgresStore store(options_);
  Record record = MakeRecord(1);
  ASSERT_TRUE(Run(store.Reserve(record)).ok());
  // A commit that does not wait for the disk leaves the server's log ahead of what is on the disk. fsync is off here, so what
  // is looked at is the setting that the transaction ended with.
  Sql(options_, "CREATE TABLE seen (setting text);"
                "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;"
                "CREATE CONSTRAINT TRIGGER at_the_end AFTER UPDATE ON generations DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION look()");
  for (const auto durability : {generation::Durability::kMachine, generation::Durability::kProcess}) {
    record = Next(record, GENERATION_STATE_FETCHING);
    ASSERT_TRUE(Run(store.Update(record, durability)).ok());
  }
  EXPECT_EQ(Sql(options_, "SELECT string_agg(setting, ' ') FROM seen"), "on off");
}

}  // namespace
}  // namespace easel
