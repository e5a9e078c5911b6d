// What every GenerationStore promises.
#include "generation/ports/generation_store.h"

#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <thread>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/generation_store_cases.h"
#include "tests/contract/loop.h"
#include "tests/contract/records.h"
#include "tests/contract/temporary_directory.h"

namespace easel {
namespace {

using generation::GenerationStore;
using generation::ListQuery;
using generation::Record;
using generation::Reservation;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class GenerationStoreContract : public testing::TestWithParam<GenerationStoreCase> {
 protected:
  template <typename T>
  T Run(boost::asio::awaitable<T> work) {
    return loop_.Run(std::move(work));
  }

  void Insert(const Record& record) {
    const absl::StatusOr<Reservation> reservation = Run(store_->Reserve(record));
    ASSERT_TRUE(reservation.ok()) << reservation.status();
    ASSERT_TRUE(reservation->inserted);
  }

  std::vector<std::string> List(ListQuery query) {
    const absl::StatusOr<std::vector<Record>> records = Run(store_->List(std::move(query)));
    EXPECT_TRUE(records.ok()) << records.status();
    return records.ok() ? NamesOf(*records) : std::vector<std::string>{"an error"};
  }

  TemporaryDirectory directory_;
  Loop loop_;
  std::unique_ptr<GenerationStore> store_ = GetParam().make(directory_.path());
};

TEST_P(GenerationStoreContract, KeepsWhatWasReserved) {
  const Record record = MakeRecord(1);
  const absl::StatusOr<Reservation> reservation = Run(store_->Reserve(record));
  ASSERT_TRUE(reservation.ok()) << reservation.status();
  EXPECT_TRUE(reservation->inserted);
  EXPECT_EQ(Run(store_->Get(NameOf(1)))->SerializeAsString(), record.SerializeAsString());
  EXPECT_EQ(Run(store_->Find("default", "request-1"))->SerializeAsString(), record.SerializeAsString());
}

TEST_P(GenerationStoreContract, GivesTheFirstRecordToALaterRequestOfTheSameId) {
  Insert(MakeRecord(1, {.request_id = "same", .prompt = "first"}));
  const Record other = MakeRecord(2, {.request_id = "same", .prompt = "second"});
  const absl::StatusOr<Reservation> second = Run(store_->Reserve(other));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_FALSE(second->inserted);
  EXPECT_EQ(second->record.generation().name(), NameOf(1));
  EXPECT_EQ(second->record.generation().spec().prompt(), "first");
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Get(NameOf(2))).status()));
}

TEST_P(GenerationStoreContract, RequestIdsBelongToTheirCaller) {
  Insert(MakeRecord(1, {.caller = "shop", .request_id = "same"}));
  Insert(MakeRecord(2, {.caller = "blog", .request_id = "same"}));
  EXPECT_EQ(Run(store_->Find("shop", "same"))->generation().name(), NameOf(1));
  EXPECT_EQ(Run(store_->Find("blog", "same"))->generation().name(), NameOf(2));
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Find("wiki", "same")).status()));
}

TEST_P(GenerationStoreContract, ANameIsTakenOnce) {
  Insert(MakeRecord(1, {.request_id = "one"}));
  EXPECT_EQ(Run(store_->Reserve(MakeRecord(1, {.request_id = "two"}))).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Run(store_->Get(NameOf(1)))->generation().request_id(), "one");
}

TEST_P(GenerationStoreContract, ConcurrentReservesOfOneIdInsertOnce) {
  std::vector<boost::asio::awaitable<absl::StatusOr<Reservation>>> all;
  for (int i = 0; i < 100; ++i) all.push_back(store_->Reserve(MakeRecord(i, {.request_id = "same"})));
  const auto reservations = loop_.RunAll(std::move(all));
  int inserted = 0;
  std::string winner;
  for (std::size_t i = 0; i < reservations.size(); ++i) {
    ASSERT_TRUE(reservations[i].ok()) << reservations[i].status();
    if (!reservations[i]->inserted) continue;
    ++inserted;
    winner = NameOf(static_cast<int>(i));
  }
  EXPECT_EQ(inserted, 1);
  for (const auto& reservation : reservations) {
    EXPECT_EQ(reservation->inserted ? winner : reservation->record.generation().name(), winner);
  }
}

TEST_P(GenerationStoreContract, ReservesFromManyThreadsInsertOnce) {
  std::atomic<int> inserted = 0;
  std::array<Loop, 4> loops;  // a store may touch them for a moment after they have their results
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Loop& loop = loops.at(static_cast<std::size_t>(t));
      for (int i = 0; i < 25; ++i) {
        const std::string id = absl::StrFormat("request-%d", i);
        const auto reservation = loop.Run(store_->Reserve(MakeRecord(t * 100 + i, {.request_id = id})));
        if (reservation.ok() && reservation->inserted) ++inserted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(inserted, 25);
  store_.reset();
}

TEST_P(GenerationStoreContract, GoesOnOnTheCallersExecutor) {
  std::optional<bool> here;
  boost::asio::co_spawn(
      loop_.context(),
      [](GenerationStore& store, std::optional<bool>& on_caller, std::thread::id caller) -> boost::asio::awaitable<void> {
        (co_await store.Check()).IgnoreError();
        on_caller = std::this_thread::get_id() == caller;
      }(*store_, here, std::this_thread::get_id()),
      boost::asio::detached);
  loop_.RunUntil([&here] { return here.has_value(); });
  EXPECT_EQ(here, true);
}

TEST_P(GenerationStoreContract, CancellingTheCallerStopsNoWrite) {
  boost::asio::cancellation_signal signal;
  bool begun = false;
  std::optional<bool> inserted;
  boost::asio::co_spawn(
      loop_.context(),
      [](GenerationStore& store, bool& on_its_way, std::optional<bool>& done) -> boost::asio::awaitable<void> {
        on_its_way = true;
        Record record = MakeRecord(1);
        const absl::StatusOr<Reservation> reservation = co_await store.Reserve(std::move(record));
        done = reservation.ok() && reservation->inserted;
      }(*store_, begun, inserted),
      boost::asio::bind_cancellation_slot(signal.slot(), boost::asio::detached));
  loop_.RunUntil([&begun] { return begun; });
  signal.emit(boost::asio::cancellation_type::all);
  loop_.RunUntil([&inserted] { return inserted.has_value(); });
  EXPECT_EQ(inserted, true);
  EXPECT_TRUE(Run(store_->Get(NameOf(1))).ok());
}

TEST_P(GenerationStoreContract, UpdatesTheRevisionBefore) {
  const Record first = MakeRecord(1);
  Insert(first);
  const Record second = Next(first, v1::GENERATION_STATE_SUBMITTING);
  EXPECT_TRUE(Run(store_->Update(second)).ok());
  EXPECT_EQ(Run(store_->Get(NameOf(1)))->SerializeAsString(), second.SerializeAsString());
}

TEST_P(GenerationStoreContract, RefusesAnUpdateOfAnotherRevision) {
  const Record first = MakeRecord(1);
  Insert(first);
  const Record second = Next(first, v1::GENERATION_STATE_SUBMITTING);
  ASSERT_TRUE(Run(store_->Update(second)).ok());
  EXPECT_TRUE(absl::IsAborted(Run(store_->Update(Next(first, v1::GENERATION_STATE_CANCELLED)))));
  EXPECT_TRUE(absl::IsAborted(Run(store_->Update(Next(Next(second, v1::GENERATION_STATE_RENDERING),
                                                      v1::GENERATION_STATE_FETCHING)))));
  EXPECT_EQ(Run(store_->Get(NameOf(1)))->SerializeAsString(), second.SerializeAsString());
}

TEST_P(GenerationStoreContract, WhateverAnUpdateMustSurviveItIsSeenAtOnceAndItsRevisionCounts) {
  Record record = MakeRecord(1);
  Insert(record);
  for (const auto durability : {generation::Durability::kProcess, generation::Durability::kMachine,
                                generation::Durability::kProcess, generation::Durability::kProcess}) {
    const Record stale = record;
    record = Next(record, v1::GENERATION_STATE_FETCHING);
    ASSERT_TRUE(Run(store_->Update(record, durability)).ok());
    EXPECT_EQ(Run(store_->Get(NameOf(1)))->SerializeAsString(), record.SerializeAsString());
    EXPECT_EQ(Run(store_->Find("default", "request-1"))->SerializeAsString(), record.SerializeAsString());
    EXPECT_THAT(List({.caller = "default", .states = {v1::GENERATION_STATE_FETCHING}}), ElementsAreArray(NamesOf({1})));
    EXPECT_TRUE(absl::IsAborted(Run(store_->Update(Next(stale, v1::GENERATION_STATE_CANCELLED), durability))));
    EXPECT_TRUE(absl::IsNotFound(Run(store_->Update(MakeRecord(9), durability))));
  }
}

TEST_P(GenerationStoreContract, OneOfManyConcurrentUpdatesWins) {
  const Record first = MakeRecord(1);
  Insert(first);
  std::vector<boost::asio::awaitable<absl::Status>> all;
  for (int i = 0; i < 50; ++i) all.push_back(store_->Update(Next(first, v1::GENERATION_STATE_SUBMITTING)));
  int won = 0;
  for (const absl::Status& status : loop_.RunAll(std::move(all))) {
    if (status.ok()) ++won;
    EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
  }
  EXPECT_EQ(won, 1);
}

TEST_P(GenerationStoreContract, WhatIsNotThereIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Get("generations/none")).status()));
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Find("default", "none")).status()));
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Update(MakeRecord(9)))));
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Remove("generations/none", 1))));
  EXPECT_THAT(List({.caller = "default"}), IsEmpty());
  EXPECT_THAT(NamesOf(*Run(store_->ListRunning())), IsEmpty());
}

TEST_P(GenerationStoreContract, KeepsEveryByteOfAPrompt) {
  std::string every;
  for (int c = 1; c < 0x80; ++c) every += static_cast<char>(c);
  for (int c = 0x80; c < 0x250; ++c) {
    every += static_cast<char>(0xc0 | c >> 6);
    every += static_cast<char>(0x80 | (c & 0x3f));
  }
  every += std::string("\0", 1) + "图像 🎨 '; DROP TABLE generations; --";
  const Record record = MakeRecord(1, {.request_id = "'\"\\%_?", .prompt = every});
  Insert(record);
  EXPECT_EQ(Run(store_->Find("default", "'\"\\%_?"))->SerializeAsString(), record.SerializeAsString());
}

TEST_P(GenerationStoreContract, KeepsThousandConcurrentWrites) {
  std::vector<boost::asio::awaitable<absl::StatusOr<Reservation>>> all;
  for (int i = 0; i < 1000; ++i) all.push_back(store_->Reserve(MakeRecord(i)));
  for (const auto& reservation : loop_.RunAll(std::move(all))) ASSERT_TRUE(reservation.ok()) << reservation.status();
  const auto running = Run(store_->ListRunning());
  ASSERT_TRUE(running.ok()) << running.status();
  EXPECT_EQ(running->size(), 1000u);
}

TEST_P(GenerationStoreContract, ListsRunningOnesOldestFirst) {
  using enum v1::GenerationState;
  for (int n = 6; n >= 0; --n) {
    Insert(MakeRecord(n, {.state = static_cast<v1::GenerationState>(GENERATION_STATE_QUEUED + n)}));
  }
  EXPECT_THAT(NamesOf(*Run(store_->ListRunning())), ElementsAreArray(NamesOf({0, 1, 2, 3})));
  ASSERT_TRUE(Run(store_->Update(Next(MakeRecord(1), GENERATION_STATE_FAILED))).ok());
  EXPECT_THAT(NamesOf(*Run(store_->ListRunning())), ElementsAreArray(NamesOf({0, 2, 3})));
}

TEST_P(GenerationStoreContract, ListsNewestFirstByCaller) {
  Insert(MakeRecord(2));
  Insert(MakeRecord(1));
  Insert(MakeRecord(3, {.caller = "shop"}));
  Insert(MakeRecord(4));
  EXPECT_THAT(List({.caller = "default"}), ElementsAreArray(NamesOf({4, 2, 1})));
  EXPECT_THAT(List({.caller = "shop"}), ElementsAreArray(NamesOf({3})));
  EXPECT_THAT(List({}), ElementsAreArray(NamesOf({4, 3, 2, 1})));
}

TEST_P(GenerationStoreContract, ListsByEveryCondition) {
  using enum v1::GenerationState;
  Insert(MakeRecord(1, {.state = GENERATION_STATE_SUCCEEDED}));
  Insert(MakeRecord(2, {.state = GENERATION_STATE_FAILED, .model = "cogview-4-250304"}));
  Insert(MakeRecord(3, {.state = GENERATION_STATE_SUCCEEDED, .model = "cogview-4-250304"}));
  Insert(MakeRecord(4, {.state = GENERATION_STATE_QUEUED}));
  EXPECT_THAT(List({.caller = "default", .states = {GENERATION_STATE_SUCCEEDED}}), ElementsAreArray(NamesOf({3, 1})));
  EXPECT_THAT(List({.caller = "default", .states = {GENERATION_STATE_QUEUED, GENERATION_STATE_FAILED}}),
              ElementsAreArray(NamesOf({4, 2})));
  EXPECT_THAT(List({.caller = "default", .states = {GENERATION_STATE_QUEUED, GENERATION_STATE_QUEUED}}),
              ElementsAreArray(NamesOf({4})));
  EXPECT_THAT(List({.caller = "default", .model = "cogview-4-250304"}), ElementsAreArray(NamesOf({3, 2})));
  EXPECT_THAT(List({.caller = "default", .request_id = "request-2"}), ElementsAreArray(NamesOf({2})));
  EXPECT_THAT(List({.caller = "default", .states = {GENERATION_STATE_QUEUED}, .request_id = "request-2"}), IsEmpty());
  EXPECT_THAT(List({.caller = "default", .request_id = "request-9"}), IsEmpty());
  EXPECT_THAT(List({.caller = "default", .states = {GENERATION_STATE_SUCCEEDED}, .model = "cogview-4-250304"}),
              ElementsAreArray(NamesOf({3})));
}

TEST_P(GenerationStoreContract, ListsATimeRangeWithoutItsEnd) {
  for (int n = 1; n <= 9; ++n) Insert(MakeRecord(n));
  EXPECT_THAT(List({.caller = "default", .create_time_from = TimeOf(7)}), ElementsAreArray(NamesOf({9, 8, 7})));
  EXPECT_THAT(List({.caller = "default", .create_time_to = TimeOf(3)}), ElementsAreArray(NamesOf({2, 1})));
  EXPECT_THAT(List({.caller = "default", .create_time_from = TimeOf(4), .create_time_to = TimeOf(6)}),
              ElementsAreArray(NamesOf({5, 4})));
  EXPECT_THAT(List({.caller = "default", .create_time_from = TimeOf(20)}), IsEmpty());
  EXPECT_THAT(List({.caller = "default", .create_time_to = TimeOf(-20)}), IsEmpty());
  EXPECT_THAT(List({.create_time_from = TimeOf(4), .create_time_to = TimeOf(6)}), ElementsAreArray(NamesOf({5, 4})));
}

TEST_P(GenerationStoreContract, PagesAreStableWhileRecordsComeAndGo) {
  for (int n = 1; n <= 10; ++n) Insert(MakeRecord(n));
  EXPECT_THAT(List({.caller = "default", .limit = 4}), ElementsAreArray(NamesOf({10, 9, 8, 7})));
  Insert(MakeRecord(11));
  ASSERT_TRUE(Run(store_->Remove(NameOf(7), 1)).ok());
  EXPECT_THAT(List({.caller = "default", .after_name = NameOf(7), .limit = 4}), ElementsAreArray(NamesOf({6, 5, 4, 3})));
  EXPECT_THAT(List({.caller = "default", .after_name = NameOf(3), .limit = 4}), ElementsAreArray(NamesOf({2, 1})));
  EXPECT_THAT(List({.caller = "default", .after_name = NameOf(1), .limit = 4}), IsEmpty());
  EXPECT_THAT(List({.caller = "default", .limit = 0}), IsEmpty());
}

// Every page of every kind of query, against a plain reading of the port's words.
TEST_P(GenerationStoreContract, PagesTogetherAreTheWholeListing) {
  std::mt19937 random(11);
  std::vector<Record> all;
  for (int n = 0; n < 120; ++n) {
    all.push_back(MakeRecord(n, {.caller = random() % 3 == 0 ? "shop" : "default",
                                 .state = static_cast<v1::GenerationState>(1 + random() % 7),
                                 .model = random() % 2 == 0 ? "glm-image" : "cogview-4-250304"}));
    Insert(all.back());
  }
  for (int kind = 0; kind < 64; ++kind) {
    ListQuery query{.limit = 7};
    if ((kind & 1) != 0) query.caller = "default";
    if ((kind & 2) != 0) query.states = {v1::GENERATION_STATE_FAILED, v1::GENERATION_STATE_QUEUED};
    if ((kind & 4) != 0) query.model = "glm-image";
    if ((kind & 8) != 0) query.create_time_from = TimeOf(20) + absl::Milliseconds(1);
    if ((kind & 16) != 0) query.create_time_to = TimeOf(90);
    if ((kind & 32) != 0) query.states.push_back(v1::GENERATION_STATE_SUCCEEDED);
    std::vector<std::string> expected;
    for (auto record = all.rbegin(); record != all.rend(); ++record) {
      const v1::Generation& g = record->generation();
      const absl::Time created = absl::FromUnixSeconds(g.create_time().seconds());
      const bool wanted = (query.caller.empty() || record->caller() == query.caller) &&
                          (query.states.empty() || testing::Value(g.state(), testing::AnyOfArray(query.states))) &&
                          (query.model.empty() || g.spec().model() == query.model) && created >= query.create_time_from &&
                          created < query.create_time_to;
      if (wanted) expected.push_back(g.name());
    }
    std::vector<std::string> listed;
    while (true) {
      const std::vector<std::string> page = List(query);
      if (page.empty()) break;
      listed.insert(listed.end(), page.begin(), page.end());
      query.after_name = page.back();
    }
    EXPECT_EQ(listed, expected) << "kind " << kind;
  }
}

TEST_P(GenerationStoreContract, ChecksThatItCanWrite) { EXPECT_TRUE(Run(store_->Check()).ok()); }

INSTANTIATE_TEST_SUITE_P(Stores, GenerationStoreContract, testing::ValuesIn(GenerationStoreCases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace easel
