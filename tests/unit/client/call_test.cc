#include "gmock/gmock.h"
#include "tests/unit/client/test_client.h"

namespace easel::client {
namespace {

using CallTest = ClientTest;

TEST_F(CallTest, SendsCallerAndReceiveLimit) {
  options.caller = "poster-team";
  options.max_receive_bytes = 1234567;
  ASSERT_TRUE(client().ListModels().ok());
  const auto metadata = service.Seen("ListModels").at(0).metadata;
  EXPECT_EQ(metadata.at("easel-caller"), "poster-team");
  EXPECT_EQ(metadata.at("easel-max-receive-bytes"), "1234567");
}

TEST_F(CallTest, TheLimitThatItTellsIsTheLimitThatItHas) {
  options.max_receive_bytes = 200'000;
  v1::GenerateImageRequest request = Request();
  request.set_image_delivery(v1::IMAGE_DELIVERY_INLINE);
  const auto response = client().GenerateImage(request);
  EXPECT_EQ(response.status().code(), absl::StatusCode::kResourceExhausted) << response.status();
  EXPECT_EQ(service.Seen("GenerateImage").size(), 1u);
}

TEST_F(CallTest, RefusesOptionsThatCannotWork) {
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect({.address = ""}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect({.caller = "Me!"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect({.max_receive_bytes = 0}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect({.tls = TlsOptions{.certificate_chain = "x"}}).status()));
}

TEST_F(CallTest, ReturnsInlineBytes) {
  v1::GenerateImageRequest request = Request();
  request.set_image_delivery(v1::IMAGE_DELIVERY_INLINE);
  const auto response = client().GenerateImage(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->image_data(), fakes::FakeGenerations::Bytes(response->generation()));
}

TEST_F(CallTest, RepeatsWithTheSameRequestId) {
  service.Plan("StartGeneration", {.status = Scripted(v1::ERROR_REASON_QUEUE_FULL)});
  service.Plan("StartGeneration", {.status = Broken()});
  v1::StartGenerationRequest request;
  request.mutable_spec()->set_prompt("a kitten");
  const auto generation = client().StartGeneration(request);
  ASSERT_TRUE(generation.ok()) << generation.status();
  const auto calls = service.Seen("StartGeneration");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].request_id.size(), 36u);
  EXPECT_EQ(calls[1].request_id, calls[0].request_id);
  EXPECT_EQ(calls[2].request_id, calls[0].request_id);
  EXPECT_EQ(waiter.waits.size(), 1u) << "what breaks, gRPC repeats";
}

TEST_F(CallTest, KeepsTheCallersRequestId) {
  v1::GenerateImageRequest request = Request();
  request.set_request_id("order-7");
  ASSERT_TRUE(client().GenerateImage(request).ok());
  EXPECT_EQ(service.Seen("GenerateImage").at(0).request_id, "order-7");
}

TEST_F(CallTest, MakesAnotherRequestIdForAnotherCall) {
  ASSERT_TRUE(client().GenerateImage(Request()).ok());
  ASSERT_TRUE(client().GenerateImage(Request()).ok());
  const auto calls = service.Seen("GenerateImage");
  EXPECT_NE(calls.at(0).request_id, calls.at(1).request_id);
}

TEST_F(CallTest, NeverRepeatsAnUnknownOutcome) {
  service.Plan("GenerateImage", {.status = Scripted(v1::ERROR_REASON_OUTCOME_UNKNOWN)});
  const auto response = client().GenerateImage(Request());
  EXPECT_EQ(Error(response.status()).service_reason(), v1::ERROR_REASON_OUTCOME_UNKNOWN);
  EXPECT_EQ(service.Seen("GenerateImage").size(), 1u);
  EXPECT_EQ(Error(response.status()).Metadata("request_id"), service.Seen("GenerateImage").at(0).request_id);
}

TEST_F(CallTest, LeavesReadsToTheServiceConfig) {
  service.Plan("ListModels", {.status = Broken()});
  EXPECT_TRUE(client().ListModels().ok());
  EXPECT_EQ(service.Seen("ListModels").size(), 2u);
  EXPECT_TRUE(waiter.waits.empty());
}

TEST_F(CallTest, ListsEveryPage) {
  for (int i = 0; i < 5; ++i) service.generations().Reserve("r" + std::to_string(i), {});
  v1::ListGenerationsRequest request;
  request.set_page_size(2);
  std::vector<std::string> ids;
  ASSERT_TRUE(client().ForEachGeneration(request, [&](const v1::Generation& generation) {
    ids.push_back(generation.request_id());
    return ids.size() < 4;
  }).ok());
  EXPECT_THAT(ids, testing::ElementsAre("r4", "r3", "r2", "r1"));
  EXPECT_EQ(service.Seen("ListGenerations").size(), 2u);
}

TEST_F(CallTest, GetsCancelsAndDeletes) {
  const std::string name = service.generations().Reserve("r", {}).name();
  EXPECT_EQ(client().GetGeneration(name)->state(), v1::GENERATION_STATE_QUEUED);
  v1::CancelGenerationRequest cancel;
  cancel.set_name(name);
  EXPECT_EQ(client().CancelGeneration(cancel)->state(), v1::GENERATION_STATE_CANCELLED);
  EXPECT_TRUE(client().DeleteGeneration(name).ok());
  const auto gone = client().GetGeneration(name);
  EXPECT_EQ(Error(gone.status()).service_reason(), v1::ERROR_REASON_GENERATION_NOT_FOUND);
}

TEST_F(CallTest, Quotes) {
  v1::ImageSpec spec;
  spec.set_prompt("a kitten");
  EXPECT_EQ(client().QuoteImage(spec)->cost_micros(), 15000);
}

}  // namespace
}  // namespace easel::client
