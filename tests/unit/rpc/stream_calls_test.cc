#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace easel::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StreamGenerateImageCallTest : public RpcTest {};

TEST_F(StreamGenerateImageCallTest, EveryChangeComesAndThenTheImageInPieces) {
  auto request = Order<v1::StreamGenerateImageRequest>("r1");
  request.set_image_delivery(v1::IMAGE_DELIVERY_INLINE);
  grpc::ClientContext context;
  const auto reader = stub().StreamGenerateImage(&context, request);
  v1::StreamGenerateImageResponse response;
  std::int64_t revision = 0;
  std::string bytes;
  v1::Generation last;
  int chunks = 0;
  while (reader->Read(&response)) {
    if (response.has_generation()) {
      EXPECT_EQ(bytes, "");
      EXPECT_GT(response.generation().revision(), revision);
      revision = response.generation().revision();
      last = response.generation();
    } else {
      const v1::ImageChunk& chunk = response.image_chunk();
      EXPECT_EQ(chunk.offset(), static_cast<std::int64_t>(bytes.size()));
      EXPECT_LE(chunk.data().size(), 65536U);
      EXPECT_EQ(chunk.sha256(), chunks == 0 ? last.image().sha256() : "");
      EXPECT_EQ(chunk.size_bytes(), chunks == 0 ? static_cast<std::int64_t>(kImageBytes) : 0);
      bytes += chunk.data();
      ++chunks;
    }
  }
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(last.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(bytes, fakes::PngOf(1280, 1280, kImageBytes));
  EXPECT_EQ(chunks, 4);
}

TEST_F(StreamGenerateImageCallTest, AFailureShowsTheGenerationAndEndsWithItsStatus) {
  generation::UpstreamError quota;
  quota.reason = v1::ERROR_REASON_UPSTREAM_QUOTA;
  quota.taken = generation::Taken::kNo;
  quota.code = "1113";
  quota.http_status = 429;
  upstream().FailNext(quota);
  grpc::ClientContext context;
  const auto reader = stub().StreamGenerateImage(&context, Order<v1::StreamGenerateImageRequest>("r1"));
  v1::StreamGenerateImageResponse response;
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(response.generation().state(), v1::GENERATION_STATE_FAILED);
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(InfoOf(status).reason(), "UPSTREAM_QUOTA");
}

class WatchGenerationCallTest : public RpcTest {
 protected:
  WatchGenerationCallTest() : RpcTest({.heartbeat = absl::Milliseconds(20)}) {}

  std::unique_ptr<grpc::ClientReader<v1::WatchGenerationResponse>> Watch(grpc::ClientContext& context,
                                                                        const std::string& name,
                                                                        std::int64_t revision = 0) {
    v1::WatchGenerationRequest request;
    request.set_name(name);
    request.set_revision(revision);
    return stub().WatchGeneration(&context, request);
  }
};

TEST_F(WatchGenerationCallTest, HeartbeatsRepeatTheRevisionWithProgress) {
  upstream().gate().Close();
  const std::string name = StartOne("r1");
  grpc::ClientContext context;
  const auto reader = Watch(context, name);
  v1::WatchGenerationResponse response;
  std::int64_t revision = 0;
  int repeats = 0;
  while (repeats < 3) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_GE(response.generation().revision(), revision);
    EXPECT_TRUE(response.generation().has_progress());
    repeats = response.generation().revision() == revision ? repeats + 1 : 0;
    revision = response.generation().revision();
  }
  upstream().gate().Open();
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(response.generation().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(WatchGenerationCallTest, ARevisionToComeIsWaitedForWithHeartbeats) {
  upstream().gate().Close();
  const std::string name = StartOne("r1");
  grpc::ClientContext context;
  const auto reader = Watch(context, name, 1000);
  v1::WatchGenerationResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_LT(response.generation().revision(), 1000);
  upstream().gate().Open();
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(response.generation().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(WatchGenerationCallTest, AnEndedGenerationIsOneMessage) {
  const std::string name = StartOne("r1");
  const v1::Generation end = AwaitEnd(name);
  for (const std::int64_t revision : {std::int64_t{0}, end.revision(), end.revision() + 5}) {
    grpc::ClientContext context;
    const auto reader = Watch(context, name, revision);
    v1::WatchGenerationResponse response;
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.generation().revision(), end.revision());
    EXPECT_FALSE(reader->Read(&response));
    EXPECT_TRUE(reader->Finish().ok());
  }
}

TEST_F(WatchGenerationCallTest, WatchingAFailureEndsOk) {
  generation::UpstreamError defect;
  defect.reason = v1::ERROR_REASON_UPSTREAM_DEFECT;
  defect.taken = generation::Taken::kUnknown;
  defect.code = "http_200";
  upstream().FailNext(defect);
  EXPECT_EQ(AwaitEnd(StartOne("r1")).state(), v1::GENERATION_STATE_FAILED);
}

TEST_F(WatchGenerationCallTest, WhatIsNotThereIsNotFound) {
  grpc::ClientContext context;
  const auto reader = Watch(context, "generations/none");
  v1::WatchGenerationResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

class ManyWatchersTest : public RpcTest {};

TEST_F(ManyWatchersTest, AThousandWatchersAllSeeTheEnd) {
  upstream().gate().Close();
  const std::string name = StartOne("r1");
  constexpr int kWatchers = 1000;
  struct One {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::WatchGenerationResponse>> reader;
  };
  v1::WatchGenerationRequest request;
  request.set_name(name);
  std::vector<std::unique_ptr<One>> watchers;
  for (int i = 0; i < kWatchers; ++i) {
    watchers.push_back(std::make_unique<One>());
    watchers.back()->reader = stub().WatchGeneration(&watchers.back()->context, request);
  }
  v1::WatchGenerationResponse response;
  for (auto& one : watchers) ASSERT_TRUE(one->reader->Read(&response));
  EXPECT_EQ(server().calls_in_flight(), static_cast<std::size_t>(kWatchers));
  upstream().gate().Open();
  for (auto& one : watchers) {
    while (one->reader->Read(&response)) {
    }
    EXPECT_EQ(response.generation().state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_TRUE(one->reader->Finish().ok());
  }
}

class ReadImageCallTest : public RpcTest {
 protected:
  grpc::Status Read(const std::string& name, std::int64_t offset) {
    grpc::ClientContext context;
    v1::ReadImageRequest request;
    request.set_name(name);
    request.set_read_offset(offset);
    const auto reader = stub().ReadImage(&context, request);
    v1::ReadImageResponse response;
    bytes_.clear();
    chunks_.clear();
    while (reader->Read(&response)) {
      bytes_ += response.image_chunk().data();
      response.mutable_image_chunk()->clear_data();
      chunks_.push_back(response.image_chunk());
    }
    return reader->Finish();
  }

  std::string bytes_;
  std::vector<v1::ImageChunk> chunks_;
};

TEST_F(ReadImageCallTest, ABrokenDownloadGoesOnWhereItStopped) {
  const v1::Generation end = AwaitEnd(StartOne("r1"));
  const std::string whole = fakes::PngOf(1280, 1280, kImageBytes);
  ASSERT_TRUE(Read(end.name(), 0).ok());
  EXPECT_EQ(bytes_, whole);
  ASSERT_TRUE(Read(end.name(), 70001).ok());
  EXPECT_EQ(bytes_, whole.substr(70001));
  ASSERT_FALSE(chunks_.empty());
  EXPECT_EQ(chunks_.front().offset(), 70001);
  EXPECT_EQ(chunks_.front().sha256(), end.image().sha256());
  EXPECT_EQ(chunks_.front().size_bytes(), static_cast<std::int64_t>(kImageBytes));
}

TEST_F(ReadImageCallTest, TheEndIsAnEmptyStreamAndPastItIsOutOfRange) {
  const std::string name = AwaitEnd(StartOne("r1")).name();
  EXPECT_TRUE(Read(name, kImageBytes).ok());
  EXPECT_THAT(chunks_, IsEmpty());
  const grpc::Status past = Read(name, kImageBytes + 1);
  EXPECT_EQ(past.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(InfoOf(past).reason(), "OFFSET_OUT_OF_RANGE");
  EXPECT_THAT(FieldsOf(Read(name, -1)), ElementsAre("read_offset"));
}

TEST_F(ReadImageCallTest, AGenerationAtWorkHasNoImageYet) {
  upstream().gate().Close();
  const grpc::Status status = Read(StartOne("r1"), 0);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(InfoOf(status).reason(), "GENERATION_NOT_ENDED");
}

}  // namespace
}  // namespace easel::rpc
