#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace easel::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GenerateImageCallTest : public RpcTest {
 protected:
  grpc::Status Generate(const v1::GenerateImageRequest& request) {
    context_ = std::make_unique<grpc::ClientContext>();
    if (!max_receive_bytes_.empty()) context_->AddMetadata("easel-max-receive-bytes", max_receive_bytes_);
    return stub().GenerateImage(context_.get(), request, &response_);
  }

  static v1::GenerateImageRequest Inline(const std::string& request_id) {
    auto request = Order<v1::GenerateImageRequest>(request_id);
    request.set_image_delivery(v1::IMAGE_DELIVERY_INLINE);
    return request;
  }

  std::string max_receive_bytes_;
  std::unique_ptr<grpc::ClientContext> context_;
  v1::GenerateImageResponse response_;
};

TEST_F(GenerateImageCallTest, AnswersWhenTheImageIsThere) {
  const grpc::Status status = Generate(Order<v1::GenerateImageRequest>("r1"));
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.generation().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(response_.generation().image().size_bytes(), static_cast<std::int64_t>(kImageBytes));
  EXPECT_EQ(response_.generation().image().url(), "http://images.test/" + response_.generation().name());
  EXPECT_EQ(response_.image_data(), "");
  EXPECT_EQ(AnnouncedName(*context_), response_.generation().name());
  EXPECT_EQ(Metric(R"(grpc_server_handled_total{grpc_code="OK",grpc_method="GenerateImage",)"
                   R"(grpc_service="easel.v1.ImageService",grpc_type="unary"})"),
            "1");
}

TEST_F(GenerateImageCallTest, TheNameGoesOutBeforeTheImageIsThere) {
  upstream().gate().Close();
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  auto reader = stub().AsyncGenerateImage(&context, Order<v1::GenerateImageRequest>("r1"), &queue);
  int metadata_tag = 0;
  int finish_tag = 0;
  void* tag = nullptr;
  bool ok = false;
  reader->ReadInitialMetadata(&metadata_tag);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(ok);
  const std::string name = AnnouncedName(context);
  EXPECT_THAT(name, HasSubstr("generations/"));
  EXPECT_EQ(Get(name).name(), name);

  upstream().gate().Open();
  v1::GenerateImageResponse response;
  grpc::Status status;
  reader->Finish(&response, &status, &finish_tag);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.generation().name(), name);
}

TEST_F(GenerateImageCallTest, ASecondAttemptIsTakenWithARequestIdOnly) {
  // What repeats by itself strikes out what its caller says of it.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel = grpc::CreateCustomChannel(server().address(), grpc::InsecureChannelCredentials(), arguments);
  const auto repeating = v1::ImageService::NewStub(channel);
  grpc::ClientContext safe;
  safe.AddMetadata("grpc-previous-rpc-attempts", "1");
  EXPECT_TRUE(repeating->GenerateImage(&safe, Order<v1::GenerateImageRequest>("r1"), &response_).ok());
  grpc::ClientContext unsafe;
  unsafe.AddMetadata("grpc-previous-rpc-attempts", "1");
  const grpc::Status status = repeating->GenerateImage(&unsafe, Order<v1::GenerateImageRequest>(""), &response_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(InfoOf(status).reason(), "OUTCOME_UNKNOWN");
  EXPECT_EQ(InfoOf(status).metadata().at("charge_state"), "UNKNOWN");
  v1::ListGenerationsResponse listed;
  grpc::ClientContext context;
  ASSERT_TRUE(stub().ListGenerations(&context, {}, &listed).ok());
  EXPECT_EQ(listed.generations_size(), 1);
}

TEST_F(GenerateImageCallTest, ARefusalInvitesToRepeatOnlyWhatIsSafe) {
  generations().StopTaking();
  for (const auto& [request_id, pushback] : {std::pair("r1", 0U), std::pair("", 1U)}) {
    EXPECT_EQ(Generate(Order<v1::GenerateImageRequest>(request_id)).error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(context_->GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), pushback);
  }
}

TEST_F(GenerateImageCallTest, InlineBytesComeInTheReply) {
  const grpc::Status status = Generate(Inline("r1"));
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.image_data(), fakes::PngOf(1280, 1280, kImageBytes));
}

TEST_F(GenerateImageCallTest, AReplyOfExactlyTheLimitFitsAndOneByteLessDoesNot) {
  ASSERT_TRUE(Generate(Inline("r1")).ok());
  const auto size = static_cast<std::int64_t>(response_.ByteSizeLong());
  max_receive_bytes_ = std::to_string(size);
  EXPECT_TRUE(Generate(Inline("r1")).ok());

  max_receive_bytes_ = std::to_string(size - 1);
  const grpc::Status status = Generate(Inline("r1"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("ReadImage"));
  const google::rpc::ErrorInfo info = InfoOf(status);
  EXPECT_EQ(info.reason(), "IMAGE_TOO_LARGE");
  EXPECT_EQ(info.metadata().at("generation"), AnnouncedName(*context_));
  EXPECT_EQ(info.metadata().at("size_bytes"), std::to_string(kImageBytes));
  EXPECT_EQ(info.metadata().at("limit_bytes"), std::to_string(size - 1));
  EXPECT_EQ(upstream().submissions(), 1);
}

TEST_F(GenerateImageCallTest, AFailureIsTheCallsStatusWithGenerationAndCharge) {
  generation::UpstreamError blocked;
  blocked.reason = v1::ERROR_REASON_CONTENT_BLOCKED;
  blocked.taken = generation::Taken::kNo;
  blocked.code = "1301";
  blocked.http_status = 400;
  blocked.message = "sensitive";
  upstream().FailNext(blocked);
  const grpc::Status status = Generate(Order<v1::GenerateImageRequest>("r1"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  const google::rpc::ErrorInfo info = InfoOf(status);
  EXPECT_EQ(info.reason(), "CONTENT_BLOCKED");
  EXPECT_EQ(info.metadata().at("generation"), AnnouncedName(*context_));
  EXPECT_EQ(info.metadata().at("charge_state"), "NONE");
  EXPECT_EQ(Get(AnnouncedName(*context_)).state(), v1::GENERATION_STATE_FAILED);
  EXPECT_EQ(Metric(R"(grpc_server_handled_total{grpc_code="FailedPrecondition",grpc_method="GenerateImage",)"
                   R"(grpc_service="easel.v1.ImageService",grpc_type="unary"})"),
            "1");
}

TEST_F(GenerateImageCallTest, ACancelledGenerationIsCancelled) {
  upstream().gate().Close();
  auto call = std::async(std::launch::async, [this] { return Generate(Order<v1::GenerateImageRequest>("r1")); });
  const std::string name = StartOne("r1");
  // What is cancelled before it was sent is free, and a call that came later would start it again.
  while (upstream().gate().waiting() == 0 || server().calls_in_flight() == 0) std::this_thread::yield();
  grpc::ClientContext context;
  v1::CancelGenerationRequest request;
  request.set_name(name);
  request.set_cancel_policy(v1::CANCEL_POLICY_ABORT);
  v1::CancelGenerationResponse response;
  ASSERT_TRUE(stub().CancelGeneration(&context, request, &response).ok());
  EXPECT_EQ(response.generation().state(), v1::GENERATION_STATE_CANCELLED);
  const grpc::Status status = call.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(InfoOf(status).reason(), "GENERATION_CANCELLED");
  EXPECT_EQ(InfoOf(status).metadata().at("generation"), name);
}

// Starts a call and takes it back as soon as the generation has a name.
std::string CallAndLeave(v1::ImageService::Stub& stub, const v1::StreamGenerateImageRequest& request) {
  grpc::ClientContext context;
  const auto reader = stub.StreamGenerateImage(&context, request);
  reader->WaitForInitialMetadata();
  const std::string name = AnnouncedName(context);
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  return name;
}

TEST_F(GenerateImageCallTest, TheImageIsMadeAndKeptWhenTheDeadlinePasses) {
  upstream().gate().Close();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  v1::GenerateImageResponse response;
  const grpc::Status status = stub().GenerateImage(&context, Order<v1::GenerateImageRequest>("r1"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  const std::string name = StartOne("r1");
  upstream().gate().Open();
  EXPECT_EQ(AwaitEnd(name).state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(upstream().submissions(), 1);
}

TEST_F(GenerateImageCallTest, ACallerThatLeavesCanAbortTheWork) {
  upstream().gate().Close();
  auto request = Order<v1::StreamGenerateImageRequest>("r1");
  request.set_cancel_policy(v1::CANCEL_POLICY_ABORT);
  const std::string name = CallAndLeave(stub(), request);
  // A watcher that came before the caller has left would keep the work going.
  while (server().calls_in_flight() > 0) std::this_thread::yield();
  EXPECT_EQ(AwaitEnd(name).state(), v1::GENERATION_STATE_CANCELLED);
}

TEST_F(GenerateImageCallTest, ACallerThatLeavesByDefaultLosesNothing) {
  upstream().gate().Close();
  const std::string name = CallAndLeave(stub(), Order<v1::StreamGenerateImageRequest>("r1"));
  upstream().gate().Open();
  EXPECT_EQ(AwaitEnd(name).state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(GenerateImageCallTest, EveryViolationIsNamedAtOnce) {
  v1::GenerateImageRequest request;
  request.mutable_spec()->set_model("dall-e");
  request.set_request_id("tab\tid");
  request.set_cancel_policy(static_cast<v1::CancelPolicy>(9));
  request.set_image_delivery(static_cast<v1::ImageDelivery>(8));
  grpc::ClientContext context;
  context.AddMetadata("easel-caller", "Not A Name");
  context.AddMetadata("easel-max-receive-bytes", "much");
  v1::GenerateImageResponse response;
  const grpc::Status status = stub().GenerateImage(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(InfoOf(status).reason(), "INVALID_REQUEST");
  EXPECT_THAT(FieldsOf(status), ::testing::UnorderedElementsAre("easel-caller", "easel-max-receive-bytes", "cancel_policy",
                                                                "image_delivery", "spec.model", "spec.prompt",
                                                                "request_id"));
  EXPECT_EQ(AnnouncedName(context), "");
}

TEST_F(GenerateImageCallTest, GenerationsBelongToTheirCaller) {
  const std::string name = StartOne("r1");
  grpc::ClientContext context;
  context.AddMetadata("easel-caller", "somebody-else");
  v1::GetGenerationRequest request;
  request.set_name(name);
  v1::GetGenerationResponse response;
  const grpc::Status status = stub().GetGeneration(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(InfoOf(status).reason(), "GENERATION_NOT_FOUND");
}

class LargeImageTest : public RpcTest {
 protected:
  LargeImageTest() : RpcTest({.image_bytes = 5 * 1024 * 1024}) {}
};

TEST_F(LargeImageTest, AnImageLargerThanTheClientsLimitIsNamedByTheServer) {
  auto request = Order<v1::GenerateImageRequest>("r1");
  request.set_image_delivery(v1::IMAGE_DELIVERY_INLINE);
  grpc::ClientContext context;
  v1::GenerateImageResponse response;
  const grpc::Status status = stub().GenerateImage(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(InfoOf(status).reason(), "IMAGE_TOO_LARGE");
  EXPECT_EQ(InfoOf(status).metadata().at("limit_bytes"), "4194304");
}

}  // namespace
}  // namespace easel::rpc
