// What every ImageStore promises.
#include "generation/ports/image_store.h"

#include <algorithm>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "storage/file_image_store.h"
#include "storage/memory_image_store.h"
#include "storage/s3/s3_image_store.h"
#include "tests/contract/loop.h"
#include "tests/contract/s3_parts.h"
#include "tests/contract/temporary_directory.h"

namespace easel {
namespace {

using generation::ImageReader;
using generation::ImageStore;
using generation::ImageWriter;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kOneImage(64, 'a');
const std::string kOtherImage(64, 'b');

struct ImageStoreCase {
  std::string name;
  std::unique_ptr<ImageStore> (*make)(const std::filesystem::path& directory, Loop& loop);
};

class ImageStoreContract : public testing::TestWithParam<ImageStoreCase> {
 protected:
  template <typename T>
  T Run(boost::asio::awaitable<T> work) {
    return loop_.Run(std::move(work));
  }

  std::unique_ptr<ImageWriter> Create() {
    absl::StatusOr<std::unique_ptr<ImageWriter>> writer = Run(store_->Create());
    EXPECT_TRUE(writer.ok()) << writer.status();
    return writer.ok() ? *std::move(writer) : nullptr;
  }

  void Keep(const std::string& digest, const std::string& bytes) {
    const auto writer = Create();
    ASSERT_TRUE(Run(writer->Append(bytes)).ok());
    ASSERT_TRUE(Run(writer->Keep(digest)).ok());
  }

  std::unique_ptr<ImageReader> Open(const std::string& digest) {
    absl::StatusOr<std::unique_ptr<ImageReader>> reader = Run(store_->Open(digest));
    EXPECT_TRUE(reader.ok()) << reader.status();
    return reader.ok() ? *std::move(reader) : nullptr;
  }

  std::string ReadAll(const std::string& digest) {
    const auto reader = Open(digest);
    std::string bytes;
    while (true) {
      const absl::StatusOr<absl::Cord> piece = Run(reader->Read(static_cast<std::int64_t>(bytes.size()), 100 << 20));
      EXPECT_TRUE(piece.ok()) << piece.status();
      if (!piece.ok() || piece->empty()) return bytes;
      bytes += std::string(*piece);
    }
  }

  TemporaryDirectory directory_;
  Loop loop_;
  std::unique_ptr<ImageStore> store_ = GetParam().make(directory_.path(), loop_);
};

std::string SomeBytes(std::size_t size) {
  std::string bytes(size, '\0');
  unsigned value = 1;
  for (char& byte : bytes) byte = static_cast<char>((value = value * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST_P(ImageStoreContract, KeepsWhatWasAppendedInPieces) {
  const std::string bytes = SomeBytes(1'000'000);
  for (std::size_t piece : {1'000u, 16'384u, 65'536u, 400'000u}) {
    const auto writer = Create();
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_TRUE(Run(writer->Append(std::string_view(bytes).substr(at, piece))).ok());
    }
    ASSERT_TRUE(Run(writer->Keep(kOneImage)).ok());
    EXPECT_TRUE(ReadAll(kOneImage) == bytes) << "pieces of " << piece;
  }
}

TEST_P(ImageStoreContract, AnAbandonedWriterLeavesNothing) {
  ASSERT_TRUE(Run(Create()->Append(SomeBytes(300'000))).ok());
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Open(kOneImage)).status()));
}

TEST_P(ImageStoreContract, KeepingADigestTwiceIsOk) {
  Keep(kOneImage, "bytes");
  Keep(kOneImage, "bytes");
  EXPECT_EQ(ReadAll(kOneImage), "bytes");
}

TEST_P(ImageStoreContract, KeepsManyAtTheSameTime) {
  const std::string bytes = SomeBytes(200'000);
  std::vector<std::unique_ptr<ImageWriter>> writers;
  std::vector<boost::asio::awaitable<absl::Status>> appends;
  std::vector<boost::asio::awaitable<absl::Status>> keeps;
  for (int i = 0; i < 20; ++i) writers.push_back(Create());
  for (const auto& writer : writers) appends.push_back(writer->Append(bytes));
  for (const absl::Status& status : loop_.RunAll(std::move(appends))) ASSERT_TRUE(status.ok()) << status;
  for (const auto& writer : writers) keeps.push_back(writer->Keep(kOneImage));
  for (const absl::Status& status : loop_.RunAll(std::move(keeps))) ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(ReadAll(kOneImage) == bytes);
}

TEST_P(ImageStoreContract, KeepsImagesApart) {
  Keep(kOneImage, "one");
  Keep(kOtherImage, "");
  EXPECT_EQ(ReadAll(kOneImage), "one");
  EXPECT_EQ(ReadAll(kOtherImage), "");
  EXPECT_EQ(Open(kOtherImage)->size(), 0);
}

TEST_P(ImageStoreContract, WhatIsNotKeptIsNotFound) {
  for (const std::string& digest : {kOneImage, std::string("../../etc/passwd"), std::string(), std::string(64, 'A')}) {
    EXPECT_TRUE(absl::IsNotFound(Run(store_->Open(digest)).status())) << digest;
    EXPECT_TRUE(Run(store_->Remove(digest)).ok()) << digest;
  }
}

TEST_P(ImageStoreContract, KeepsNothingUnderWhatIsNoDigest) {
  EXPECT_TRUE(absl::IsInvalidArgument(Run(Create()->Keep("../" + std::string(61, 'a')))));
  EXPECT_TRUE(absl::IsInvalidArgument(Run(Create()->Keep("abc"))));
}

TEST_P(ImageStoreContract, ReadsFromAnyOffset) {
  Keep(kOneImage, "0123456789");
  const auto reader = Open(kOneImage);
  EXPECT_EQ(reader->size(), 10);
  EXPECT_EQ(*Run(reader->Read(0, 4)), "0123");
  EXPECT_EQ(*Run(reader->Read(4, 4)), "4567");
  EXPECT_EQ(*Run(reader->Read(8, 4)), "89");
  EXPECT_EQ(*Run(reader->Read(10, 4)), "");
  EXPECT_EQ(*Run(reader->Read(1'000'000'000'000, 4)), "");
  EXPECT_EQ(*Run(reader->Read(3, 0)), "");
  EXPECT_TRUE(absl::IsInvalidArgument(Run(reader->Read(-1, 4)).status()));
}

TEST_P(ImageStoreContract, StaysReadableWhileOpenThoughRemoved) {
  Keep(kOneImage, "0123456789");
  const auto reader = Open(kOneImage);
  ASSERT_TRUE(Run(store_->Remove(kOneImage)).ok());
  EXPECT_TRUE(absl::IsNotFound(Run(store_->Open(kOneImage)).status()));
  EXPECT_EQ(*Run(reader->Read(5, 100)), "56789");
}

TEST_P(ImageStoreContract, CanKeepAgainWhatWasRemoved) {
  Keep(kOneImage, "bytes");
  ASSERT_TRUE(Run(store_->Remove(kOneImage)).ok());
  Keep(kOneImage, "bytes");
  EXPECT_EQ(ReadAll(kOneImage), "bytes");
}

TEST_P(ImageStoreContract, ListsWhatIsKeptInPages) {
  EXPECT_THAT(*Run(store_->List("", 10)), IsEmpty());
  std::vector<std::string> digests;
  for (int n = 0; n < 40; ++n) digests.push_back(absl::StrFormat("%02x%062x", n * 7 % 256 / 3, n));
  for (const std::string& digest : digests) Keep(digest, "bytes");
  const auto abandoned = Create();
  std::sort(digests.begin(), digests.end());
  std::vector<std::string> listed;
  while (true) {
    const auto page = *Run(store_->List(listed.empty() ? "" : listed.back(), 7));
    if (page.empty()) break;
    EXPECT_LE(page.size(), 7u);
    listed.insert(listed.end(), page.begin(), page.end());
  }
  EXPECT_EQ(listed, digests);
  ASSERT_TRUE(Run(store_->Remove(digests[0])).ok());
  EXPECT_THAT(*Run(store_->List("", 1)), ElementsAre(digests[1]));
}

TEST_P(ImageStoreContract, ChecksThatItCanWrite) { EXPECT_TRUE(Run(store_->Check()).ok()); }

std::unique_ptr<ImageStore> MakeFileImages(const std::filesystem::path& directory, Loop&) {
  return *storage::FileImageStore::OpenDirectory(directory / "images");
}

std::unique_ptr<ImageStore> MakeMemoryImages(const std::filesystem::path&, Loop&) {
  return std::make_unique<storage::MemoryImageStore>();
}

// Owns what it works with.
class S3Images : public S3Parts, public storage::S3ImageStore {
 public:
  explicit S3Images(Loop& loop) : S3Parts(loop.context()), storage::S3ImageStore(bucket()) {}
};

std::unique_ptr<ImageStore> MakeS3Images(const std::filesystem::path&, Loop& loop) {
  return std::make_unique<S3Images>(loop);
}

INSTANTIATE_TEST_SUITE_P(Stores, ImageStoreContract,
                         testing::Values(ImageStoreCase{"File", MakeFileImages}, ImageStoreCase{"Memory", MakeMemoryImages},
                                         ImageStoreCase{"S3", MakeS3Images}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace easel
