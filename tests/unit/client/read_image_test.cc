#include "tests/unit/client/test_client.h"

namespace easel::client {
namespace {

class ReadImageTest : public ClientTest {
 protected:
  void SetUp() override {
    options.retry.max_attempts = 3;
    generation = *client().Generate(Request());
    expected = fakes::FakeGenerations::Bytes(generation);
  }

  absl::StatusOr<ImageDigest> Read(int64_t offset = 0) {
    return client().ReadImage(generation.name(), offset, [this](const v1::ImageChunk& chunk) {
      bytes += chunk.data();
      return absl::OkStatus();
    });
  }

  v1::Generation generation;
  std::string expected;
  std::string bytes;
};

TEST_F(ReadImageTest, HandsOverEveryByte) {
  const auto digest = Read();
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(bytes, expected);
  EXPECT_EQ(digest->sha256, generation.image().sha256());
  EXPECT_EQ(digest->size_bytes, generation.image().size_bytes());
}

TEST_F(ReadImageTest, GoesOnWhereTheStreamBroke) {
  service.Plan("ReadImage", {.after_messages = 1, .status = Broken()});
  service.Plan("ReadImage", {.after_messages = 1, .status = grpc::Status::OK});
  ASSERT_TRUE(Read().ok());
  EXPECT_EQ(bytes, expected);
  const auto calls = service.Seen("ReadImage");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[1].read_offset, 65536);
  EXPECT_EQ(calls[2].read_offset, 131072);
}

TEST_F(ReadImageTest, ABreakAfterProgressCountsAsTheFirst) {
  service.Plan("ReadImage", {.after_messages = 1, .status = Broken()});
  service.Plan("ReadImage", {.after_messages = 1, .status = Broken()});
  service.Plan("ReadImage", {.after_messages = 1, .status = Broken()});
  ASSERT_TRUE(Read().ok());
  EXPECT_EQ(bytes, expected);
}

TEST_F(ReadImageTest, BeginsAtTheOffset) {
  ASSERT_TRUE(Read(199'990).ok());
  EXPECT_EQ(bytes, expected.substr(199'990));
}

TEST_F(ReadImageTest, TakesAnEmptyStreamAtTheEnd) {
  EXPECT_EQ(Read(200'000)->sha256, "");
  EXPECT_EQ(bytes, "");
}

TEST_F(ReadImageTest, EndsWithTheErrorOfTheSink) {
  int pieces = 0;
  const auto digest = client().ReadImage(generation.name(), 0, [&](const v1::ImageChunk&) {
    ++pieces;
    return absl::UnavailableError("disk full");
  });
  EXPECT_EQ(digest.status(), absl::UnavailableError("disk full"));
  EXPECT_EQ(pieces, 1);
  EXPECT_EQ(service.Seen("ReadImage").size(), 1u);
}

TEST_F(ReadImageTest, DoesNotRepeatWhatTheServiceRefuses) {
  EXPECT_EQ(Error(Read(200'001).status()).service_reason(), v1::ERROR_REASON_OFFSET_OUT_OF_RANGE);
  EXPECT_EQ(service.Seen("ReadImage").size(), 1u);
}

}  // namespace
}  // namespace easel::client
