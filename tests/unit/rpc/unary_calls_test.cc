#include <set>

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace easel::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListGenerationsCallTest : public RpcTest {
 protected:
  grpc::Status List(const v1::ListGenerationsRequest& request) {
    grpc::ClientContext context;
    return stub().ListGenerations(&context, request, &response_);
  }

  v1::ListGenerationsResponse response_;
};

TEST_F(ListGenerationsCallTest, PagesFollowEachOtherWithoutGapsOrRepeats) {
  std::set<std::string> started;
  for (int i = 0; i < 7; ++i) started.insert(StartOne("r" + std::to_string(i)));
  v1::ListGenerationsRequest request;
  request.set_page_size(3);
  std::vector<int> sizes;
  std::set<std::string> listed;
  std::string before = "generations/~";
  do {
    ASSERT_TRUE(List(request).ok());
    sizes.push_back(response_.generations_size());
    for (const auto& generation : response_.generations()) {
      EXPECT_LT(generation.name(), before);
      before = generation.name();
      listed.insert(generation.name());
    }
    request.set_page_token(response_.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(sizes, ElementsAre(3, 3, 1));
  EXPECT_EQ(listed, started);
}

TEST_F(ListGenerationsCallTest, ATokenBelongsToItsFilters) {
  StartOne("r1");
  StartOne("r2");
  v1::ListGenerationsRequest request;
  request.set_page_size(1);
  request.set_model("glm-image");
  ASSERT_TRUE(List(request).ok());
  request.set_page_token(response_.next_page_token());
  request.set_page_size(5);
  EXPECT_TRUE(List(request).ok());
  request.set_model("");
  const grpc::Status status = List(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("page_token"));
}

TEST_F(ListGenerationsCallTest, FiltersHoldTogether) {
  const std::string first = StartOne("r1");
  AwaitEnd(first);
  AwaitEnd(StartOne("r2"));
  v1::ListGenerationsRequest request;
  request.set_request_id("r1");
  request.add_states(v1::GENERATION_STATE_SUCCEEDED);
  ASSERT_TRUE(List(request).ok());
  ASSERT_EQ(response_.generations_size(), 1);
  EXPECT_EQ(response_.generations(0).name(), first);
  request.set_states(0, v1::GENERATION_STATE_QUEUED);
  ASSERT_TRUE(List(request).ok());
  EXPECT_EQ(response_.generations_size(), 0);
}

TEST_F(ListGenerationsCallTest, EveryBadFilterIsNamed) {
  v1::ListGenerationsRequest request;
  request.set_page_size(-1);
  request.set_page_token("?");
  request.add_states(v1::GENERATION_STATE_SUCCEEDED);
  request.add_states(static_cast<v1::GenerationState>(77));
  request.mutable_create_time_from()->set_nanos(-1);
  request.mutable_create_time_to()->set_seconds(INT64_MAX);
  EXPECT_THAT(FieldsOf(List(request)),
              ElementsAre("page_size", "create_time_from", "create_time_to", "states[1]", "page_token"));
}

class SmallCallsTest : public RpcTest {};

TEST_F(SmallCallsTest, NamesAreChecked) {
  for (const std::string name : {"", "generation/x", "generations/", "generations/a b", "generations/../x"}) {
    grpc::ClientContext context;
    v1::DeleteGenerationRequest request;
    request.set_name(name);
    v1::DeleteGenerationResponse response;
    const grpc::Status status = stub().DeleteGeneration(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_THAT(FieldsOf(status), ElementsAre("name"));
  }
}

TEST_F(SmallCallsTest, WhatHasEndedCanBeDeleted) {
  upstream().gate().Close();
  const std::string name = StartOne("r1");
  v1::DeleteGenerationRequest request;
  request.set_name(name);
  v1::DeleteGenerationResponse response;
  {
    grpc::ClientContext context;
    EXPECT_EQ(InfoOf(stub().DeleteGeneration(&context, request, &response)).reason(), "GENERATION_NOT_ENDED");
  }
  upstream().gate().Open();
  AwaitEnd(name);
  grpc::ClientContext context;
  EXPECT_TRUE(stub().DeleteGeneration(&context, request, &response).ok());
  grpc::ClientContext again;
  EXPECT_EQ(stub().DeleteGeneration(&again, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(SmallCallsTest, AQuoteSpendsNothing) {
  grpc::ClientContext context;
  v1::QuoteImageRequest request;
  request.mutable_spec()->set_prompt("a kitten");
  v1::QuoteImageResponse response;
  const grpc::Status status = stub().QuoteImage(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.spec().model(), "glm-image");
  EXPECT_EQ(response.cost_micros(), 15000);
  EXPECT_EQ(upstream().submissions(), 0);
}

TEST_F(SmallCallsTest, TheCatalogIsListed) {
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub().ListModels(&context, {}, &response).ok());
  EXPECT_GE(response.models_size(), 2);
}

TEST_F(SmallCallsTest, AnotherSpecUnderTheSameIdIsAConflict) {
  StartOne("r1");
  auto request = Order<v1::StartGenerationRequest>("r1");
  request.mutable_spec()->set_prompt("a dog");
  grpc::ClientContext context;
  v1::StartGenerationResponse response;
  const grpc::Status status = stub().StartGeneration(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(InfoOf(status).reason(), "REQUEST_ID_CONFLICT");
}

// Calls that no generated client would make.
class RawBytesTest : public RpcTest {
 protected:
  grpc::Status Send(const std::string& method, const std::string& bytes) {
    grpc::GenericStub generic(channel());
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    grpc::Slice slice(bytes);
    auto call = generic.PrepareUnaryCall(&context, "/easel.v1.ImageService/" + method, grpc::ByteBuffer(&slice, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, this);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }
};

TEST_F(RawBytesTest, TextThatIsNoUtf8IsNamedByFieldAndByte) {
  auto request = Order<v1::GenerateImageRequest>("r1");
  request.mutable_spec()->set_prompt("a sign that says 'caf~'");
  request.mutable_spec()->set_model("nonesuch");
  std::string bytes = request.SerializeAsString();
  bytes[bytes.find('~')] = '\xE9';
  const grpc::Status status = Send("GenerateImage", bytes);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("spec.prompt", "spec.model"));
  EXPECT_THAT(status.error_message(), HasSubstr("spec.prompt is not valid UTF-8 at byte 21"));
  EXPECT_EQ(upstream().submissions(), 0);
}

TEST_F(RawBytesTest, WhatIsNoMessageIsSaidToBeNone) {
  for (const char* method : {"GenerateImage", "GetGeneration", "ListModels"}) {
    const grpc::Status status = Send(method, "\xFF\xFF\xFF not protobuf");
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
    EXPECT_THAT(FieldsOf(status), ElementsAre("request"));
  }
}

TEST_F(RawBytesTest, ARequestOfMoreThanAMebibyteIsRefused) {
  EXPECT_EQ(Send("GetGeneration", std::string(1024 * 1024 + 1, 'x')).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace easel::rpc
