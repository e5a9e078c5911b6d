// What FileImageStore promises beyond its port.
#include "storage/file_image_store.h"

#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/doomed_process.h"
#include "tests/contract/loop.h"
#include "tests/contract/small_disk.h"
#include "tests/contract/temporary_directory.h"

namespace easel {
namespace {

using storage::FileImageStore;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kDigest = "ab" + std::string(62, '0');

class FileStore : public testing::Test {
 protected:
  std::unique_ptr<FileImageStore> Open() {
    absl::StatusOr<std::unique_ptr<FileImageStore>> store = FileImageStore::OpenDirectory(images_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  long Leftovers() const {
    return std::distance(std::filesystem::directory_iterator(images_ / "tmp"), std::filesystem::directory_iterator());
  }

  std::filesystem::path PathOf(const std::string& digest) const { return images_ / digest.substr(0, 2) / digest; }

  TemporaryDirectory directory_;
  const std::filesystem::path images_ = directory_.path() / "data" / "images";
  Loop loop_;
};

TEST_F(FileStore, PutsAnImageUnderItsDigest) {
  const auto store = Open();
  const auto writer = *loop_.Run(store->Create());
  ASSERT_TRUE(loop_.Run(writer->Append("bytes")).ok());
  ASSERT_TRUE(loop_.Run(writer->Keep(kDigest)).ok());
  EXPECT_EQ(std::filesystem::file_size(PathOf(kDigest)), 5u);
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(PathOf(kDigest)).permissions(), perms::owner_read | perms::owner_write);
  EXPECT_EQ(std::filesystem::status(images_ / "ab").permissions(), perms::owner_all);
  EXPECT_EQ(Leftovers(), 0);
}

TEST_F(FileStore, AnAbandonedWriterLeavesNoFile) {
  const auto store = Open();
  auto writer = *loop_.Run(store->Create());
  ASSERT_TRUE(loop_.Run(writer->Append(std::string(300'000, 'x'))).ok());
  EXPECT_EQ(Leftovers(), 1);
  writer.reset();
  EXPECT_EQ(Leftovers(), 0);
}

TEST_F(FileStore, ACrashInMidWriteLeavesNoImageAndIsClearedUp) {
  DoomedProcess process([this] {
    auto store = Open();
    Loop& loop = *new Loop;  // not destroyed while a thread of the store may still hold it
    auto writer = *loop.Run(store->Create());
    const bool written = loop.Run(writer->Append(std::string(300'000, 'x'))).ok();
    store.release();
    return written ? std::move(writer) : nullptr;
  });
  ASSERT_TRUE(process.succeeded());
  process.Kill();
  EXPECT_EQ(Leftovers(), 1);
  const auto store = Open();
  EXPECT_EQ(Leftovers(), 0);
  EXPECT_TRUE(absl::IsNotFound(loop_.Run(store->Open(kDigest)).status()));
}

TEST_F(FileStore, WhatWasKeptOutlivesTheProcess) {
  DoomedProcess process([this] {
    auto store = Open();
    Loop& loop = *new Loop;  // not destroyed while a thread of the store may still hold it
    auto writer = *loop.Run(store->Create());
    if (!loop.Run(writer->Append("bytes")).ok() || !loop.Run(writer->Keep(kDigest)).ok()) store.reset();
    return store;
  });
  ASSERT_TRUE(process.succeeded());
  process.Kill();
  const auto store = Open();
  const auto reader = *loop_.Run(store->Open(kDigest));
  EXPECT_EQ(*loop_.Run(reader->Read(0, 100)), "bytes");
}

TEST_F(FileStore, AFullDiskIsSaidAndPasses) {
  const auto store = Open();
  {
    const SmallDisk disk(64 << 10);
    const auto writer = *loop_.Run(store->Create());
    const absl::Status full = loop_.Run(writer->Append(std::string(300'000, 'x')));
    EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
    EXPECT_THAT(std::string(full.message()), AllOf(HasSubstr(images_.string()), HasSubstr("File too large")));
    EXPECT_TRUE(absl::IsResourceExhausted(loop_.Run(writer->Append("more"))));
    EXPECT_TRUE(absl::IsResourceExhausted(loop_.Run(writer->Keep(kDigest))));
  }
  EXPECT_EQ(Leftovers(), 0);
  EXPECT_FALSE(std::filesystem::exists(PathOf(kDigest)));
  const auto writer = *loop_.Run(store->Create());
  ASSERT_TRUE(loop_.Run(writer->Append(std::string(300'000, 'x'))).ok());
  EXPECT_TRUE(loop_.Run(writer->Keep(kDigest)).ok());
}

TEST_F(FileStore, CheckNoticesAFullDisk) {
  const auto store = Open();
  const SmallDisk disk(1 << 10);
  EXPECT_TRUE(absl::IsResourceExhausted(loop_.Run(store->Check())));
  EXPECT_EQ(Leftovers(), 0);
}

TEST_F(FileStore, AMissingDirectoryIsSaidAndPasses) {
  const auto store = Open();
  std::filesystem::rename(images_, directory_.path() / "away");
  const absl::Status gone = loop_.Run(store->Check());
  EXPECT_TRUE(absl::IsUnavailable(gone)) << gone;
  EXPECT_THAT(std::string(gone.message()), AllOf(HasSubstr(images_.string()), HasSubstr("No such file or directory")));
  EXPECT_TRUE(absl::IsUnavailable(loop_.Run(store->Create()).status()));
  std::filesystem::rename(directory_.path() / "away", images_);
  EXPECT_TRUE(loop_.Run(store->Check()).ok());
}

TEST_F(FileStore, ADirectoryMadeAnewNeedsNothingInIt) {
  const auto store = Open();
  std::filesystem::remove_all(images_);
  ASSERT_TRUE(absl::IsUnavailable(loop_.Run(store->Check())));
  EXPECT_FALSE(std::filesystem::exists(images_)) << "what may be a disk that is not mounted is not made";
  std::filesystem::create_directory(images_);
  EXPECT_TRUE(loop_.Run(store->Check()).ok());
  const auto writer = *loop_.Run(store->Create());
  EXPECT_TRUE(loop_.Run(writer->Keep(kDigest)).ok());
}

TEST_F(FileStore, FinishesWhatWasBegunWhenItIsDestroyed) {
  auto store = Open();
  std::vector<boost::asio::awaitable<absl::Status>> all;
  for (int i = 0; i < 50; ++i) all.push_back(store->Check());
  const auto slots = loop_.Start(std::move(all));
  store.reset();
  loop_.Finish(slots);
  for (const auto& slot : slots) EXPECT_TRUE(slot->ok());
}

TEST_F(FileStore, LeavesAloneWhatOthersMayBeWritingWhereItIsShared) {
  Open();
  std::ofstream(images_ / "tmp" / "fresh") << "half an image";
  std::ofstream(images_ / "tmp" / "abandoned") << "half an image";
  std::filesystem::last_write_time(images_ / "tmp" / "abandoned",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  ASSERT_TRUE(FileImageStore::OpenDirectory(images_, storage::DataDirectory::Use::kShared).ok());
  EXPECT_TRUE(std::filesystem::exists(images_ / "tmp" / "fresh"));
  EXPECT_FALSE(std::filesystem::exists(images_ / "tmp" / "abandoned"));
}

TEST_F(FileStore, CannotBeOpenedBelowAFile) {
  std::ofstream(directory_.path() / "data") << "a file";
  const absl::Status status = FileImageStore::OpenDirectory(images_).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("Not a directory"));
}

}  // namespace
}  // namespace easel
