// What FileImageStore promises of small images, whose own files are not synced when they are kept.
#include <algorithm>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "storage/file_image_store.h"
#include "storage/image_log_file.h"
#include "tests/contract/doomed_process.h"
#include "tests/contract/loop.h"
#include "tests/contract/sync_count.h"
#include "tests/contract/temporary_directory.h"

namespace easel {
namespace {

using storage::FileImageStore;
using ::testing::IsEmpty;

std::string DigestOf(int n) { return absl::StrFormat("%02x%062x", n * 37 % 256, n); }
std::string BytesOf(int n, std::size_t size = 3000) { return absl::StrFormat("%d:", n) + std::string(size, 'x'); }

class SmallImageFiles : public testing::Test {
 protected:
  std::unique_ptr<FileImageStore> Open() {
    absl::StatusOr<std::unique_ptr<FileImageStore>> store = FileImageStore::OpenDirectory(images_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  // All at the same time. Whether all were kept.
  static bool Keep(FileImageStore& store, int from, int to, std::size_t size = 3000) {
    Loop loop;
    std::vector<std::unique_ptr<generation::ImageWriter>> writers;
    std::vector<boost::asio::awaitable<absl::Status>> keeps;
    bool good = true;
    for (int n = from; n < to; ++n) {
      writers.push_back(*loop.Run(store.Create()));
      good = loop.Run(writers.back()->Append(BytesOf(n, size))).ok() && good;
      keeps.push_back(writers.back()->Keep(DigestOf(n)));
    }
    for (const absl::Status& kept : loop.RunAll(std::move(keeps))) good = kept.ok() && good;
    return good;
  }

  // A process that keeps images, and what else is wanted, and dies.
  void KeepAndDie(int from, int to, const std::function<bool(FileImageStore&)>& then = [](auto&) { return true; }) {
    DoomedProcess process([&] {
      auto store = Open();
      if (!Keep(*store, from, to) || !then(*store)) store.reset();
      return store;
    });
    ASSERT_TRUE(process.succeeded());
    process.Kill();
  }

  std::filesystem::path PathOf(int n) const { return images_ / DigestOf(n).substr(0, 2) / DigestOf(n); }

  // What a crash of the machine leaves of a file that was not synced.
  void Lose(int n) { std::filesystem::remove(PathOf(n)); }
  void Spoil(int n) { std::ofstream(PathOf(n), std::ios::trunc) << "x"; }

  std::string Read(FileImageStore& store, int n) {
    auto reader = loop_.Run(store.Open(DigestOf(n)));
    return reader.ok() ? std::string(*loop_.Run((*reader)->Read(0, 1 << 20))) : std::string(reader.status().message());
  }

  TemporaryDirectory directory_;
  const std::filesystem::path images_ = directory_.path() / "images";
  Loop loop_;
};

TEST_F(SmallImageFiles, ThoseThatWaitTogetherShareTheirSyncs) {
  const auto store = Open();
  ASSERT_TRUE(Keep(*store, 0, 1));
  const int before = SyncsSoFar();
  ASSERT_TRUE(Keep(*store, 1, 129));
  // The first may have been on its way before the others came; 64 go together.
  EXPECT_LE(SyncsSoFar() - before, 3);
  for (int n = 0; n < 129; ++n) EXPECT_EQ(Read(*store, n), BytesOf(n));
}

TEST_F(SmallImageFiles, WhatACrashOfTheMachineTookIsMadeGood) {
  KeepAndDie(0, 100);
  for (int n = 0; n < 100; n += 3) Lose(n);
  for (int n = 1; n < 100; n += 3) Spoil(n);
  const auto store = Open();
  for (int n = 0; n < 100; ++n) EXPECT_EQ(Read(*store, n), BytesOf(n)) << n;
}

TEST_F(SmallImageFiles, WhatWasRemovedStaysAway) {
  KeepAndDie(0, 10, [](FileImageStore& store) {
    Loop loop;
    return loop.Run(store.Remove(DigestOf(3))).ok() && loop.Run(store.Remove(DigestOf(4))).ok() && Keep(store, 4, 5);
  });
  Lose(4);
  const auto store = Open();
  EXPECT_TRUE(absl::IsNotFound(loop_.Run(store->Open(DigestOf(3))).status()));
  EXPECT_EQ(Read(*store, 4), BytesOf(4));
}

TEST_F(SmallImageFiles, AnEntryThatWasNotFinishedIsNone) {
  KeepAndDie(0, 3);
  std::fstream log(images_ / "log-0", std::ios::in | std::ios::out | std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(log), {});
  const std::size_t last = content.find(BytesOf(2));
  ASSERT_NE(last, std::string::npos);
  log.seekp(static_cast<std::streamoff>(last + 1000));
  log << "torn";
  log.close();
  for (int n = 0; n < 3; ++n) Lose(n);
  const auto store = Open();
  EXPECT_EQ(Read(*store, 0), BytesOf(0));
  EXPECT_TRUE(absl::IsNotFound(loop_.Run(store->Open(DigestOf(2))).status()));
}

TEST_F(SmallImageFiles, ALogOfNonsenseIsNoLog) {
  KeepAndDie(0, 2);
  std::ofstream(images_ / "log-0", std::ios::binary) << std::string(100'000, '\xa5');
  const auto store = Open();
  EXPECT_EQ(Read(*store, 1), BytesOf(1));
  EXPECT_TRUE(Keep(*store, 2, 5));
}

TEST_F(SmallImageFiles, TheLogIsWrittenRoundAndRound) {
  const auto store = Open();
  constexpr std::size_t kSize = 60'000;
  constexpr int kImages = 4 * static_cast<int>(storage::ImageLogFile::kBytes / kSize);
  for (int n = 0; n < kImages; n += 50) ASSERT_TRUE(Keep(*store, n, n + 50, kSize));
  for (int n = 0; n < kImages; ++n) ASSERT_EQ(Read(*store, n), BytesOf(n, kSize)) << n;
  for (const char* name : {"log-0", "log-1"}) {
    EXPECT_GT(std::filesystem::file_size(images_ / name), 0u);
    EXPECT_LE(std::filesystem::file_size(images_ / name), storage::ImageLogFile::kBytes);
  }
}

TEST_F(SmallImageFiles, ALogThatCannotBeWrittenCostsNoImage) {
  const auto store = Open();
  std::filesystem::create_directories(images_ / "log-0");
  EXPECT_TRUE(Keep(*store, 0, 10));
  EXPECT_EQ(Read(*store, 9), BytesOf(9));
}

TEST_F(SmallImageFiles, ALogIsNoImage) {
  const auto store = Open();
  ASSERT_TRUE(Keep(*store, 0, 1));
  EXPECT_EQ(loop_.Run(store->List("", 10))->size(), 1u);
  ASSERT_TRUE(loop_.Run(store->Remove(DigestOf(0))).ok());
  EXPECT_THAT(*loop_.Run(store->List("", 10)), IsEmpty());
}

}  // namespace
}  // namespace easel
