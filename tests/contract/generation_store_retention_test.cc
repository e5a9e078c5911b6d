// What every GenerationStore promises to retention.
#include <memory>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/generation_store_cases.h"
#include "tests/contract/loop.h"
#include "tests/contract/records.h"
#include "tests/contract/temporary_directory.h"

namespace easel {
namespace {

using generation::DueQuery;
using generation::GenerationStore;
using generation::Record;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using enum generation::DueQuery::By;
using enum v1::GenerationState;

class GenerationStoreRetention : public testing::TestWithParam<GenerationStoreCase> {
 protected:
  template <typename T>
  T Run(boost::asio::awaitable<T> work) {
    return loop_.Run(std::move(work));
  }

  void Insert(const Record& record) { ASSERT_TRUE(Run(store_->Reserve(record))->inserted); }

  std::vector<std::string> Due(const DueQuery& query) {
    const auto due = Run(store_->ListDue(query));
    EXPECT_TRUE(due.ok()) << due.status();
    return due.ok() ? NamesOf(*due) : std::vector<std::string>{"an error"};
  }

  TemporaryDirectory directory_;
  Loop loop_;
  std::unique_ptr<GenerationStore> store_ = GetParam().make(directory_.path());
};

RecordParts Ended(const std::string& digest, int end, int expire, int remove) {
  return {.state = GENERATION_STATE_SUCCEEDED, .digest = digest, .size_bytes = 10, .end = end, .expire = expire, .remove = remove};
}

TEST_P(GenerationStoreRetention, RecordsThatMayGoComeEarliestFirst) {
  Insert(MakeRecord(1, Ended("", 10, 20, 50)));
  Insert(MakeRecord(2, Ended("a", 10, 20, 30)));
  Insert(MakeRecord(3, Ended("b", 10, 20, 40)));
  Insert(MakeRecord(4, Ended("c", 10, 20, 30)));
  EXPECT_THAT(Due({.by = kRemoveTime, .until = TimeOf(40)}), ElementsAreArray(NamesOf({2, 4, 3})));
  EXPECT_THAT(Due({.by = kRemoveTime, .until = TimeOf(29)}), IsEmpty());
  EXPECT_THAT(Due({.by = kRemoveTime}), ElementsAreArray(NamesOf({2, 4, 3, 1})));
}

TEST_P(GenerationStoreRetention, WhatRunsIsNeverDue) {
  for (int state = GENERATION_STATE_QUEUED; state <= GENERATION_STATE_FETCHING; ++state) {
    RecordParts parts = Ended("a", 1, 1, 1);  // as a generation that was started again still has them
    parts.state = static_cast<v1::GenerationState>(state);
    Insert(MakeRecord(state, parts));
  }
  for (const auto by : {kRemoveTime, kExpireTime}) EXPECT_THAT(Due({.by = by}), IsEmpty());
}

TEST_P(GenerationStoreRetention, OnlyKeptImagesExpire) {
  const Record kept = MakeRecord(1, Ended("a", 10, 21, 50));
  Insert(kept);
  Insert(MakeRecord(2, Ended("", 10, 20, 50)));
  Insert(MakeRecord(3, Ended("a", 12, 20, 50)));
  EXPECT_THAT(Due({.by = kExpireTime, .until = TimeOf(21)}), ElementsAreArray(NamesOf({3, 1})));
  ASSERT_TRUE(Run(store_->Update(WithoutImage(kept))).ok());
  EXPECT_THAT(Due({.by = kExpireTime}), ElementsAreArray(NamesOf({3})));
  EXPECT_THAT(Due({.by = kRemoveTime}), ElementsAreArray(NamesOf({1, 2, 3})));
}

TEST_P(GenerationStoreRetention, ARecordWithoutARemoveTimeIsKeptADay) {
  RecordParts parts = Ended("a", 0, 10, 0);
  parts.remove.reset();
  Insert(MakeRecord(1, parts));
  const absl::Time day = TimeOf(0) + absl::Hours(24);
  EXPECT_THAT(Due({.by = kRemoveTime, .until = day - absl::Seconds(1)}), IsEmpty());
  EXPECT_THAT(Due({.by = kRemoveTime, .until = day}), ElementsAreArray(NamesOf({1})));
}

// Whatever pages are asked for, together they are all that is due, in order.
TEST_P(GenerationStoreRetention, PagesFollowEachOther) {
  std::mt19937 random(5);
  for (int n = 0; n < 60; ++n) {
    const auto time = static_cast<int>(random() % 8);
    Insert(MakeRecord(n, Ended(random() % 3 == 0 ? "" : "a", time, time, time)));
  }
  for (const auto by : {kRemoveTime, kExpireTime}) {
    DueQuery query{.by = by, .until = TimeOf(6), .limit = 1000};
    const auto whole = Run(store_->ListDue(query));
    query.limit = 7;
    std::vector<std::string> paged;
    while (true) {
      const auto page = Run(store_->ListDue(query));
      if (page->empty()) break;
      for (const Record& record : *page) paged.push_back(record.generation().name());
      query.after_time = generation::DueTime(page->back(), by);
      query.after_name = page->back().generation().name();
    }
    EXPECT_EQ(paged, NamesOf(*whole));
    EXPECT_FALSE(paged.empty());
  }
  EXPECT_THAT(Due({.limit = 0}), IsEmpty());
}

TEST_P(GenerationStoreRetention, SharedBytesCountOnce) {
  EXPECT_EQ(*Run(store_->KeptBytes()), 0);
  const Record one = MakeRecord(1, Ended("a", 1, 2, 3));
  Insert(one);
  Insert(MakeRecord(2, Ended("a", 1, 2, 3)));
  Insert(MakeRecord(3, Ended("b", 1, 2, 3)));
  Insert(MakeRecord(4));
  EXPECT_EQ(*Run(store_->KeptBytes()), 20);
  ASSERT_TRUE(Run(store_->Update(WithoutImage(one))).ok());
  EXPECT_EQ(*Run(store_->KeptBytes()), 20);
  ASSERT_TRUE(Run(store_->Remove(NameOf(2), 1)).ok());
  EXPECT_EQ(*Run(store_->KeptBytes()), 10);
}

TEST_P(GenerationStoreRetention, ADigestIsUsedUntilNoRecordHasItsImage) {
  const Record one = MakeRecord(1, Ended("a", 1, 2, 3));
  Insert(one);
  Insert(MakeRecord(2, Ended("a", 1, 2, 3)));
  const auto unused = [this] { return *Run(store_->Unused({"a", "b", "c"})); };
  EXPECT_THAT(unused(), ElementsAre("b", "c"));
  ASSERT_TRUE(Run(store_->Update(WithoutImage(one))).ok());
  EXPECT_THAT(unused(), ElementsAre("b", "c"));
  ASSERT_TRUE(Run(store_->Remove(NameOf(2), 1)).ok());
  EXPECT_THAT(unused(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*Run(store_->Unused({})), IsEmpty());
}

TEST_P(GenerationStoreRetention, OnlyTheRevisionThatWasSeenIsRemoved) {
  const Record failed = MakeRecord(1, {.state = GENERATION_STATE_FAILED});
  Insert(failed);
  ASSERT_TRUE(Run(store_->Update(Next(failed, GENERATION_STATE_QUEUED))).ok());
  EXPECT_TRUE(absl::IsAborted(Run(store_->Remove(NameOf(1), 1))));
  EXPECT_TRUE(Run(store_->Get(NameOf(1))).ok());
  EXPECT_TRUE(Run(store_->Remove(NameOf(1), 2)).ok());
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Remove(NameOf(1), 2))));
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Find("default", "request-1")).status()));
  Insert(MakeRecord(2, {.request_id = "request-1"}));  // the id is free again
}

INSTANTIATE_TEST_SUITE_P(Stores, GenerationStoreRetention, testing::ValuesIn(RetentionStoreCases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace easel
