// Replies that hold an image whole, and callers who do not read them.
#include <future>

#include <gmock/gmock.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace easel::rpc {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMiB = 1024 * 1024;

// Room for one reply, and half of another.
class ReplyRoomTest : public RpcTest {
 protected:
  explicit ReplyRoomTest(absl::Duration patience = absl::Milliseconds(50))
      : RpcTest({.image_bytes = 2 * kMiB, .limits = {.max_reply_bytes = 3 * kMiB}, .reply_patience = patience}) {}

  static v1::GenerateImageRequest Known(v1::ImageDelivery delivery) {
    auto request = Order<v1::GenerateImageRequest>("known");
    request.set_image_delivery(delivery);
    return request;
  }
  grpc::Status Ask(v1::ImageDelivery delivery = v1::IMAGE_DELIVERY_INLINE) {
    grpc::ClientContext context;
    return stub().GenerateImage(&context, Known(delivery), &response_);
  }
  void Make() { ASSERT_TRUE(Ask(v1::IMAGE_DELIVERY_URL).ok()); }

  v1::GenerateImageResponse response_;
};

// A caller that sees the reply begin, on a connection of its own, and reads no more of it than the 64 KiB that HTTP/2 lets a
// peer send unasked.
class SlowReader {
 public:
  SlowReader(const std::string& address, const v1::GenerateImageRequest& request) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = v1::ImageService::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    reader_ = stub_->AsyncGenerateImage(&context_, request, &queue_);
    reader_->ReadInitialMetadata(this);
    Next();
  }
  ~SlowReader() { Leave(); }

  void Leave() {
    if (reader_ == nullptr) return;
    context_.TryCancel();
    reader_->Finish(&response_, &status_, this);
    Next();
    reader_ = nullptr;
  }

 private:
  void Next() {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
  }

  std::unique_ptr<v1::ImageService::Stub> stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  v1::GenerateImageResponse response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::GenerateImageResponse>> reader_;
};

TEST_F(ReplyRoomTest, WhileOneIsNotReadThereIsNoMemoryForAnother) {
  Make();
  SlowReader slow(server().address(), Known(v1::IMAGE_DELIVERY_INLINE));
  const grpc::Status refused = Ask();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << refused.error_message();
  EXPECT_EQ(InfoOf(refused).reason(), "REPLY_MEMORY_FULL");
  EXPECT_THAT(InfoOf(refused).metadata().at("generation"), HasSubstr("generations/"));
  EXPECT_EQ(InfoOf(refused).metadata().at("charge_state"), "MADE");
  EXPECT_TRUE(Ask(v1::IMAGE_DELIVERY_URL).ok()) << "without the image there is always room";
  slow.Leave();
  grpc::Status after = Ask();
  while (after.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) after = Ask();
  EXPECT_TRUE(after.ok()) << after.error_message();
  EXPECT_EQ(response_.image_data().size(), 2 * kMiB);
}

TEST_F(ReplyRoomTest, EveryReplyGivesItsRoomBack) {
  Make();
  for (int i = 0; i < 20; ++i) {
    grpc::Status status = Ask();
    while (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) status = Ask();
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
}

class PatientReplyRoomTest : public ReplyRoomTest {
 protected:
  PatientReplyRoomTest() : ReplyRoomTest(absl::Hours(1)) {}
};

TEST_F(PatientReplyRoomTest, WhoWaitsGetsTheRoomThatComesFree) {
  Make();
  auto slow = std::make_unique<SlowReader>(server().address(), Known(v1::IMAGE_DELIVERY_INLINE));
  std::vector<std::future<grpc::Status>> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::async(std::launch::async, [this] {
      grpc::ClientContext context;
      v1::GenerateImageResponse response;
      return stub().GenerateImage(&context, Known(v1::IMAGE_DELIVERY_INLINE), &response);
    }));
  }
  slow.reset();
  for (auto& one : waiting) {
    const grpc::Status status = one.get();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
}

TEST_F(PatientReplyRoomTest, AShutdownWaitsForNoSlowReader) {
  Make();
  SlowReader slow(server().address(), Known(v1::IMAGE_DELIVERY_INLINE));
  auto waiting = std::async(std::launch::async, [this] { return Ask(); });
  server().Shutdown(absl::Now());
  EXPECT_FALSE(waiting.get().ok());
}

}  // namespace
}  // namespace easel::rpc
