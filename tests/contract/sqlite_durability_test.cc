// What a change of SqliteGenerationStore costs and survives, by what it was asked to survive.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/sqlite_generation_store.h"
#include "tests/contract/doomed_process.h"
#include "tests/contract/loop.h"
#include "tests/contract/records.h"
#include "tests/contract/sqlite_side_door.h"
#include "tests/contract/sync_count.h"
#include "tests/contract/temporary_directory.h"

namespace easel {
namespace {

using generation::Durability;
using generation::Record;
using storage::SqliteGenerationStore;

constexpr auto kRendering = v1::GENERATION_STATE_RENDERING;
constexpr auto kFetching = v1::GENERATION_STATE_FETCHING;

class SqliteDurability : public testing::Test {
 protected:
  using Writing = boost::asio::awaitable<absl::Status>;

  std::unique_ptr<SqliteGenerationStore> Open() { return *SqliteGenerationStore::Open(path_); }
  // `count` generations that render.
  std::unique_ptr<SqliteGenerationStore> OpenWith(int count) {
    auto store = Open();
    for (int n = 0; n < count; ++n) {
      EXPECT_TRUE(loop_.Run(store->Reserve(MakeRecord(n, {.state = kRendering}))).ok());
    }
    return store;
  }
  Record Fetching(int n) { return Next(MakeRecord(n, {.state = kRendering}), kFetching); }
  // What these writes cost that wait for the store at the same time, in syncs. All succeed.
  int SyncsOf(std::vector<Writing> writes) {
    const int before = SyncsSoFar();
    for (const absl::Status& status : loop_.RunAll(std::move(writes))) EXPECT_TRUE(status.ok()) << status;
    return SyncsSoFar() - before;
  }
  int SyncsOf(Writing write) {
    std::vector<Writing> writes;
    writes.push_back(std::move(write));
    return SyncsOf(std::move(writes));
  }

  TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "easel.db";
  Loop loop_;
};

TEST_F(SqliteDurability, OnlyWhatMustSurviveTheMachineIsSynced) {
  auto store = OpenWith(3);
  EXPECT_EQ(SyncsOf(store->Update(Fetching(0), Durability::kMachine)), 1);
  EXPECT_EQ(SyncsOf(store->Update(Fetching(1), Durability::kProcess)), 0);
  EXPECT_EQ(SyncsOf(store->Update(Fetching(2), Durability::kProcess)), 0);
  EXPECT_EQ(SyncsOf(store->Update(Next(Fetching(1), v1::GENERATION_STATE_SUCCEEDED), Durability::kMachine)), 1);
  EXPECT_EQ(SyncsOf(store->Update(Next(Fetching(2), v1::GENERATION_STATE_SUCCEEDED))), 1) << "unless it says so";
  const int before = SyncsSoFar();
  ASSERT_TRUE(loop_.Run(store->Reserve(MakeRecord(7))).ok());
  EXPECT_EQ(SyncsSoFar() - before, 1);
}

TEST_F(SqliteDurability, ABatchIsSyncedIfAnythingInItMustSurviveTheMachine) {
  for (const bool one_must : {false, true}) {
    std::filesystem::remove_all(path_);
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path_.string() + suffix);
    auto store = OpenWith(50);
    SqliteSideDoor door(path_);
    door.Execute("BEGIN IMMEDIATE");
    std::vector<Writing> writes;
    for (int n = 0; n < 50; ++n) {
      writes.push_back(store->Update(Fetching(n), one_must && n == 30 ? Durability::kMachine : Durability::kProcess));
    }
    const int syncs = SyncsSoFar();
    const std::int64_t commits = store->commits();
    const auto slots = loop_.Start(std::move(writes));
    door.Execute("ROLLBACK");
    loop_.Finish(slots);
    for (const auto& slot : slots) EXPECT_TRUE(slot->ok());
    EXPECT_LE(store->commits() - commits, 2);
    EXPECT_EQ(SyncsSoFar() - syncs, one_must ? 1 : 0);
  }
}

TEST_F(SqliteDurability, WhatNeedOnlySurviveTheProcessDoes) {
  DoomedProcess process([this] {
    auto store = OpenWith(20);
    Loop& loop = *new Loop;  // not destroyed while a thread of the store may still hold it
    for (int n = 0; n < 20; ++n) {
      if (!loop.Run(store->Update(Fetching(n), Durability::kProcess)).ok()) return std::unique_ptr<SqliteGenerationStore>();
    }
    return store;
  });
  ASSERT_TRUE(process.succeeded());
  process.Kill();
  auto store = Open();
  for (int n = 0; n < 20; ++n) {
    EXPECT_EQ(loop_.Run(store->Get(NameOf(n)))->SerializeAsString(), Fetching(n).SerializeAsString());
  }
}

TEST_F(SqliteDurability, WhatNeedOnlySurviveTheProcessIsThereAfterReopening) {
  auto store = OpenWith(1);
  ASSERT_TRUE(loop_.Run(store->Update(Fetching(0), Durability::kProcess)).ok());
  store.reset();
  store = Open();
  EXPECT_EQ(loop_.Run(store->Get(NameOf(0)))->SerializeAsString(), Fetching(0).SerializeAsString());
  EXPECT_GT(SyncsOf(store->Update(Next(Fetching(0), v1::GENERATION_STATE_SUCCEEDED))), 0);
}

}  // namespace
}  // namespace easel
