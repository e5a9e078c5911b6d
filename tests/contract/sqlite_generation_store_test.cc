// What SqliteGenerationStore promises beyond its port.
#include "storage/sqlite_generation_store.h"

#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/generation_listing.h"
#include "storage/retention_queries.h"
#include "tests/contract/doomed_process.h"
#include "tests/contract/loop.h"
#include "tests/contract/old_schemas.h"
#include "tests/contract/records.h"
#include "tests/contract/small_disk.h"
#include "tests/contract/sqlite_side_door.h"
#include "tests/contract/temporary_directory.h"

namespace easel {
namespace {

using generation::Record;
using generation::Reservation;
using storage::SqliteGenerationStore;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

class SqliteStore : public testing::Test {
 protected:
  using Reserving = boost::asio::awaitable<absl::StatusOr<Reservation>>;

  std::unique_ptr<SqliteGenerationStore> Open() {
    absl::StatusOr<std::unique_ptr<SqliteGenerationStore>> store = SqliteGenerationStore::Open(path_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  std::string OpenError() {
    const absl::Status status = SqliteGenerationStore::Open(path_).status();
    return status.ToString();
  }

  TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "easel.db";
  Loop loop_;
};

TEST_F(SqliteStore, SurvivesReopening) {
  const Record first = MakeRecord(1);
  const Record second = Next(first, v1::GENERATION_STATE_RENDERING);
  auto store = Open();
  ASSERT_TRUE(loop_.Run(store->Reserve(first)).ok());
  ASSERT_TRUE(loop_.Run(store->Update(second)).ok());
  store.reset();
  store = Open();
  EXPECT_EQ(loop_.Run(store->Get(NameOf(1)))->SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(loop_.Run(store->ListRunning())->size(), 1u);
}

TEST_F(SqliteStore, KeepsWhatWasOkWhenTheProcessIsKilled) {
  DoomedProcess process([this] {
    auto store = Open();
    Loop& loop = *new Loop;  // not destroyed while a thread of the store may still hold it
    for (int n = 0; n < 20; ++n) {
      if (!loop.Run(store->Reserve(MakeRecord(n))).ok()) store.reset();
    }
    return store;
  });
  ASSERT_TRUE(process.succeeded());
  process.Kill();
  auto store = Open();
  EXPECT_EQ(loop_.Run(store->ListRunning())->size(), 20u);
}

TEST_F(SqliteStore, CommitsTogetherWhatWaitsTogether) {
  auto store = Open();
  SqliteSideDoor door(path_);
  door.Execute("BEGIN IMMEDIATE");
  std::vector<Reserving> all;
  for (int n = 0; n < 500; ++n) all.push_back(store->Reserve(MakeRecord(n)));
  const auto slots = loop_.Start(std::move(all));
  door.Execute("ROLLBACK");
  loop_.Finish(slots);
  for (const auto& slot : slots) EXPECT_TRUE(slot->ok() && (*slot)->inserted);
  // The first may have been on its way before the others came.
  EXPECT_LE(store->commits(), 2);
  EXPECT_EQ(loop_.Run(store->ListRunning())->size(), 500u);
}

TEST_F(SqliteStore, AnOperationThatFailsFailsAlone) {
  auto store = Open();
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(0))).ok());
  SqliteSideDoor door(path_);
  door.Execute("BEGIN IMMEDIATE");
  std::vector<Reserving> all;
  for (int n = 1; n <= 50; ++n) {
    all.push_back(store->Reserve(MakeRecord(n)));
    all.push_back(store->Reserve(MakeRecord(0, {.request_id = "another"})));  // the name is taken
  }
  const auto slots = loop_.Start(std::move(all));
  door.Execute("ROLLBACK");
  loop_.Finish(slots);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    EXPECT_EQ(slots[i]->ok(), i % 2 == 0) << slots[i]->status();
  }
  EXPECT_LE(store->commits(), 3);
  EXPECT_EQ(loop_.Run(store->ListRunning())->size(), 51u);
}

TEST_F(SqliteStore, ReadsDoNotWaitForWrites) {
  auto store = Open();
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(1))).ok());
  SqliteSideDoor door(path_);
  door.Execute("BEGIN IMMEDIATE");
  std::vector<Reserving> writes;
  writes.push_back(store->Reserve(MakeRecord(2)));
  const auto written = loop_.Start(std::move(writes));
  std::vector<boost::asio::awaitable<absl::StatusOr<Record>>> reads;
  reads.push_back(store->Get(NameOf(1)));
  const auto read = loop_.Start(std::move(reads));
  loop_.Finish(read);
  EXPECT_TRUE(read[0]->ok());
  EXPECT_FALSE(written[0].has_value());
  door.Execute("ROLLBACK");
  loop_.Finish(written);
  EXPECT_TRUE(written[0]->ok());
}

TEST_F(SqliteStore, FinishesWhatWasBegunWhenItIsDestroyed) {
  auto store = Open();
  std::vector<Reserving> all;
  for (int n = 0; n < 300; ++n) all.push_back(store->Reserve(MakeRecord(n)));
  const auto slots = loop_.Start(std::move(all));
  store.reset();
  loop_.Finish(slots);
  for (const auto& slot : slots) EXPECT_TRUE(slot->ok());
  store = Open();
  EXPECT_EQ(loop_.Run(store->ListRunning())->size(), 300u);
}

TEST_F(SqliteStore, GoesOnWhenAFullDiskHasRoomAgain) {
  auto store = Open();
  std::vector<std::string> kept;
  absl::Status refused;
  {
    const SmallDisk disk(512 << 10);
    for (int n = 0; refused.ok() && n < 200; ++n) {
      const auto reservation = loop_.Run(store->Reserve(MakeRecord(n, {.prompt = std::string(20'000, 'p')})));
      refused = reservation.status();
      if (refused.ok()) kept.push_back(NameOf(n));
    }
    EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), AllOf(HasSubstr(path_.string()), HasSubstr("free some space")));
    for (int i = 0; i < 200 && refused.ok(); ++i) refused = loop_.Run(store->Check());
    EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
    EXPECT_TRUE(loop_.Run(store->Get(NameOf(0))).ok());
  }
  EXPECT_TRUE(loop_.Run(store->Check()).ok());
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(500))).ok());
  kept.push_back(NameOf(500));
  EXPECT_EQ(NamesOf(*loop_.Run(store->ListRunning())), kept);
  store.reset();
  store = Open();
  EXPECT_EQ(NamesOf(*loop_.Run(store->ListRunning())), kept);
}

TEST_F(SqliteStore, OnAFullDiskOnlyWhatDoesNotFitFails) {
  auto store = Open();
  const SmallDisk disk(512 << 10);
  SqliteSideDoor door(path_);
  door.Execute("BEGIN IMMEDIATE");
  std::vector<Reserving> all;
  for (int n = 0; n < 5; ++n) all.push_back(store->Reserve(MakeRecord(n)));
  all.push_back(store->Reserve(MakeRecord(5, {.prompt = std::string(2 << 20, 'p')})));
  const auto slots = loop_.Start(std::move(all));
  door.Execute("ROLLBACK");
  loop_.Finish(slots);
  for (int n = 0; n < 5; ++n) EXPECT_TRUE(slots[static_cast<std::size_t>(n)]->ok()) << n;
  EXPECT_TRUE(absl::IsResourceExhausted(slots[5]->status())) << slots[5]->status();
}

TEST_F(SqliteStore, GoesOnWhenItsFileIsBack) {
  auto store = Open();
  std::filesystem::rename(path_, directory_.path() / "away");
  const absl::Status gone = loop_.Run(store->Get(NameOf(1))).status();
  EXPECT_TRUE(absl::IsUnavailable(gone)) << gone;
  EXPECT_THAT(std::string(gone.message()), HasSubstr(path_.string()));
  std::filesystem::rename(directory_.path() / "away", path_);
  EXPECT_TRUE(absl::IsNotFound(loop_.Run(store->Get(NameOf(1))).status()));
}

// What is written to a file that no start will find is lost.
TEST_F(SqliteStore, DoesNotWriteToAFileThatWasMovedAway) {
  const auto store = Open();
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(1))).ok());
  const std::filesystem::path away = directory_.path() / "away";
  std::filesystem::create_directory(away);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::rename(path_.string() + suffix, away / (path_.filename().string() + suffix));
  }
  EXPECT_TRUE(absl::IsUnavailable(loop_.Run(store->Reserve(MakeRecord(2))).status()));
  EXPECT_TRUE(absl::IsUnavailable(loop_.Run(store->Check())));
  EXPECT_FALSE(std::filesystem::exists(path_));
  for (const auto& entry : std::filesystem::directory_iterator(away)) {
    std::filesystem::rename(entry.path(), directory_.path() / entry.path().filename());
  }
  EXPECT_TRUE(loop_.Run(store->Reserve(MakeRecord(2))).ok());
  EXPECT_TRUE(loop_.Run(store->Get(NameOf(1))).ok());
  EXPECT_EQ(loop_.Run(Open()->ListRunning())->size(), 2u);
}

TEST_F(SqliteStore, RefusesANewerSchema) {
  Open();
  SqliteSideDoor(path_).Execute("PRAGMA user_version=99");
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("newer Easel"), HasSubstr("schema 99")));
}

TEST_F(SqliteStore, RefusesADatabaseOfAnotherProgram) {
  SqliteSideDoor(path_).Execute("CREATE TABLE recipes (name TEXT)");
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("some other program")));
}

TEST_F(SqliteStore, SaysWhatToDoAboutAFileThatIsNoDatabase) {
  std::ofstream(path_) << std::string(8192, 'x');
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("DATA_LOSS"), HasSubstr(path_.string()), HasSubstr("backup")));
}

TEST_F(SqliteStore, ADamagedFileIsDataLoss) {
  auto store = Open();
  std::vector<Reserving> all;
  for (int n = 0; n < 300; ++n) all.push_back(store->Reserve(MakeRecord(n)));
  loop_.RunAll(std::move(all));
  store.reset();
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(16 * 4096);
  file << std::string(4 * 4096, '\xee');
  file.close();
  store = Open();
  const absl::Status status = loop_.Run(store->List({.limit = 1000})).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

TEST_F(SqliteStore, CannotBeOpenedWhereThereIsNoDirectory) {
  const absl::Status status = SqliteGenerationStore::Open(directory_.path() / "none" / "easel.db").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

// What a listing costs must not follow how many records there are.
TEST_F(SqliteStore, EveryListingOfACallerFollowsAnIndex) {
  Open();
  SqliteSideDoor door(path_);
  for (const std::string& statement : storage::ListingStatements()) {
    for (const std::string& step : door.Plan(statement)) {
      if (step.find("generations") == std::string::npos) continue;
      EXPECT_THAT(step, HasSubstr("SEARCH generations USING")) << statement;
      EXPECT_THAT(step, AnyOf(HasSubstr("caller=?"), HasSubstr("create_time"), HasSubstr("rowid=?"))) << statement;
      const bool by_name = statement.find("name >= ?") != std::string::npos;
      EXPECT_THAT(step, HasSubstr(by_name ? "name>? AND name<?" : "")) << statement;
    }
    EXPECT_THAT(door.Plan(statement), Each(Not(HasSubstr("TEMP B-TREE")))) << statement;
  }
}

TEST_F(SqliteStore, WhatRetentionAsksFollowsAnIndex) {
  Open();
  SqliteSideDoor door(path_);
  for (const std::string& statement : storage::RetentionStatements()) {
    for (const std::string& step : door.Plan(statement)) {
      // Only those due at the very same time are sorted.
      EXPECT_THAT(step, AnyOf(HasSubstr("SEARCH"), HasSubstr("FOR RIGHT PART OF ORDER BY"))) << statement;
    }
  }
}

// Each index that a step touches is one more page to write.
TEST_F(SqliteStore, AStepOfARunningGenerationTouchesNoIndex) {
  auto store = Open();
  const Record queued = MakeRecord(1);
  ASSERT_TRUE(loop_.Run(store->Reserve(queued)).ok());
  const auto pages = [&] {
    SqliteSideDoor(path_).Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    const Record next = Next(*loop_.Run(store->Get(NameOf(1))), v1::GENERATION_STATE_RENDERING);
    EXPECT_TRUE(loop_.Run(store->Update(next)).ok());
    constexpr std::uintmax_t kHeader = 32, kFrame = 4096 + 24;
    return (std::filesystem::file_size(path_.string() + "-wal") - kHeader) / kFrame;
  };
  EXPECT_EQ(pages(), 1u);
  EXPECT_EQ(pages(), 1u);
}

TEST_F(SqliteStore, BringsADatabaseOfTheFirstSchemaUpToDate) {
  const auto ended = MakeRecord(1, {.state = v1::GENERATION_STATE_SUCCEEDED, .digest = "a", .end = 0, .expire = 50});
  auto store = Open();
  ASSERT_TRUE(loop_.Run(store->Reserve(ended)).ok());
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(2))).ok());
  store.reset();
  SqliteSideDoor(path_).Execute(kBackToSchema2);
  SqliteSideDoor(path_).Execute(kBackToSchema1);
  store = Open();
  const absl::Time day = TimeOf(0) + absl::Hours(24);
  const generation::DueQuery early{.until = day - absl::Seconds(1)};
  const generation::DueQuery late{.until = day};
  EXPECT_TRUE(loop_.Run(store->ListDue(early))->empty());
  EXPECT_EQ(NamesOf(*loop_.Run(store->ListDue(late))), NamesOf({1}));
  EXPECT_EQ(loop_.Run(store->ListRunning())->size(), 1u);
}

TEST_F(SqliteStore, BringsADatabaseOfTheSecondSchemaUpToDate) {
  using enum v1::GenerationState;
  auto store = Open();
  const RecordParts shared{.state = GENERATION_STATE_SUCCEEDED, .digest = "a", .size_bytes = 10, .end = 1, .expire = 9};
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(1, shared))).ok());
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(2, shared))).ok());
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(3, {.state = GENERATION_STATE_FAILED, .end = 3, .expire = 5}))).ok());
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(4))).ok());
  store.reset();
  // As that schema has an ended record without an end, and one that was started again.
  SqliteSideDoor(path_).Execute(std::string(kBackToSchema2) +
                                "UPDATE generations SET end_time = NULL WHERE state = 6;"
                                "UPDATE generations SET end_time = 5 WHERE state = 1;");
  store = Open();
  EXPECT_EQ(NamesOf(*loop_.Run(store->List({.caller = "default"}))), NamesOf({4, 3, 2, 1}));
  EXPECT_EQ(NamesOf(*loop_.Run(store->ListRunning())), NamesOf({4}));
  EXPECT_EQ(NamesOf(*loop_.Run(store->ListDue({}))).size(), 3u);
  EXPECT_EQ(*loop_.Run(store->KeptBytes()), 10);
  ASSERT_TRUE(loop_.Run(store->Remove(NameOf(1), 1)).ok());
  EXPECT_EQ(*loop_.Run(store->KeptBytes()), 10);
  EXPECT_TRUE(loop_.Run(store->Unused({"a"}))->empty());
  ASSERT_TRUE(loop_.Run(store->Update(WithoutImage(MakeRecord(2, shared)))).ok());
  EXPECT_EQ(*loop_.Run(store->KeptBytes()), 0);
  EXPECT_EQ(loop_.Run(store->Unused({"a"}))->size(), 1u);
}

}  // namespace
}  // namespace easel
