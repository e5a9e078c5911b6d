#include <future>
#include <thread>

#include "gmock/gmock.h"
#include "tests/unit/client/test_client.h"

namespace easel::client {
namespace {

using testing::ElementsAre;

class GenerateTest : public ClientTest {
 protected:
  absl::StatusOr<v1::Generation> Generate(const v1::GenerateImageRequest& request, const CallOptions& call = {}) {
    return client().Generate(request, observer, call);
  }

  std::vector<std::string> accepted;
  std::vector<int> states;
  Observer observer{
      .on_accepted = [this](const std::string& name) { accepted.push_back(name); },
      .on_change = [this](const v1::Generation& generation) { states.push_back(generation.state()); },
  };
};

TEST_F(GenerateTest, TellsOfEveryStateAndReturnsTheEnd) {
  const auto generation = Generate(Request());
  ASSERT_TRUE(generation.ok()) << generation.status();
  EXPECT_EQ(generation->state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_THAT(accepted, ElementsAre(generation->name()));
  EXPECT_THAT(states, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(GenerateTest, WatchesOnFromWhereTheStreamBroke) {
  service.Plan("StreamGenerateImage", {.after_messages = 2, .status = Broken()});
  const auto generation = Generate(Request());
  ASSERT_TRUE(generation.ok()) << generation.status();
  EXPECT_EQ(service.Seen("StreamGenerateImage").size(), 1u);
  EXPECT_EQ(service.Seen("WatchGeneration").at(0).revision, 3);
  EXPECT_THAT(states, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(accepted.size(), 1u);
}

TEST_F(GenerateTest, WatchesOnWhenTheStreamEndsTooEarly) {
  service.Plan("StreamGenerateImage", {.after_messages = 3, .status = grpc::Status::OK});
  EXPECT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(service.Seen("WatchGeneration").size(), 1u);
}

TEST_F(GenerateTest, TakesACancellationThatIsNotItsOwnForABrokenConnection) {
  service.Plan("StreamGenerateImage", {.after_messages = 2, .status = grpc::Status::CANCELLED});
  EXPECT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(service.Seen("WatchGeneration").size(), 1u);
}

TEST_F(GenerateTest, TakesUpABrokenWatchToo) {
  service.Plan("StreamGenerateImage", {.after_messages = 1, .status = Broken()});
  service.Plan("WatchGeneration", {.after_messages = 1, .status = Broken()});
  EXPECT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(service.Seen("WatchGeneration").size(), 2u);
  EXPECT_EQ(service.Seen("WatchGeneration").at(1).revision, 3);
  EXPECT_THAT(states, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(GenerateTest, RepeatsACallThatWasNotAcceptedWithTheSameRequestId) {
  service.Plan("StreamGenerateImage", {.status = Broken()});
  service.Plan("StreamGenerateImage", {.status = Scripted(v1::ERROR_REASON_UPSTREAM_BUSY)});
  EXPECT_TRUE(Generate(Request()).ok());
  const auto calls = service.Seen("StreamGenerateImage");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].request_id, calls[2].request_id);
  EXPECT_EQ(service.generations().All().size(), 1u);
}

TEST_F(GenerateTest, TakesHoldAgainWhenTheWorkEndsWithTheCall) {
  service.Plan("StreamGenerateImage", {.after_messages = 2, .status = Broken()});
  v1::GenerateImageRequest request = Request();
  request.set_cancel_policy(v1::CANCEL_POLICY_ABORT);
  EXPECT_TRUE(Generate(request).ok());
  const auto calls = service.Seen("StreamGenerateImage");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].request_id, calls[1].request_id);
  EXPECT_TRUE(service.Seen("WatchGeneration").empty());
}

TEST_F(GenerateTest, CanBeWatchedAfterItsOwnDeadline) {
  service.Plan("StreamGenerateImage", {.after_messages = 2, .hang = true, .status = Broken()});
  const auto late = Generate(Request(), {.timeout = absl::Seconds(4)});
  const Error error(late.status());
  EXPECT_EQ(error.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(error.reason(), kDeadline);
  ASSERT_THAT(accepted, ElementsAre(error.generation()));
  EXPECT_EQ(error.Metadata("request_id"), service.Seen("StreamGenerateImage").at(0).request_id);
  EXPECT_EQ(client().Watch(error.generation())->state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(GenerateTest, UnaryIsNotRepeatedAfterItsOwnDeadline) {
  service.Plan("GenerateImage", {.after_messages = 2, .hang = true, .status = Broken()});
  const auto late = client().GenerateImage(Request(), {.timeout = absl::Seconds(0.5)});
  EXPECT_EQ(Error(late.status()).reason(), kDeadline);
  EXPECT_EQ(Error(late.status()).Metadata("request_id").size(), 36u);
  EXPECT_TRUE(waiter.waits.empty());
}

TEST_F(GenerateTest, EndsWhenCancelled) {
  Cancellation cancellation;
  observer.on_change = [&](const v1::Generation& generation) {
    if (generation.state() == v1::GENERATION_STATE_RENDERING) cancellation.Cancel();
  };
  const auto generation = Generate(Request("[[hang]]"), {.cancellation = &cancellation});
  const Error error(generation.status());
  EXPECT_EQ(error.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(error.reason(), kInterrupted);
  EXPECT_THAT(accepted, ElementsAre(error.generation()));
  EXPECT_TRUE(waiter.waits.empty());
}

TEST_F(GenerateTest, EndsWhenCancelledFromAnotherThread) {
  Cancellation cancellation;
  service.OnHang([&] { cancellation.Cancel(); });
  const auto generation = Generate(Request("[[hang]]"), {.cancellation = &cancellation});
  EXPECT_EQ(Error(generation.status()).reason(), kInterrupted);
  EXPECT_TRUE(waiter.waits.empty());
}

TEST_F(GenerateTest, DoesNotBeginWhenAlreadyCancelled) {
  Cancellation cancellation;
  cancellation.Cancel();
  EXPECT_TRUE(absl::IsCancelled(Generate(Request(), {.cancellation = &cancellation}).status()));
  EXPECT_TRUE(service.generations().All().empty());
}

TEST_F(GenerateTest, ReportsWhyItFailed) {
  const auto generation = Generate(Request("[[fail CONTENT_BLOCKED]]"));
  const Error error(generation.status());
  EXPECT_EQ(error.service_reason(), v1::ERROR_REASON_CONTENT_BLOCKED);
  EXPECT_THAT(accepted, ElementsAre(error.generation()));
  EXPECT_THAT(states, ElementsAre(1, 2, 6));
  EXPECT_EQ(service.Seen("StreamGenerateImage").size(), 1u);
}

TEST_F(GenerateTest, ReportsAFailureThatItSawWhileWatching) {
  service.Plan("StreamGenerateImage", {.after_messages = 1, .status = Broken()});
  const auto generation = Generate(Request("[[fail OUTCOME_UNKNOWN]]"));
  EXPECT_EQ(Error(generation.status()).service_reason(), v1::ERROR_REASON_OUTCOME_UNKNOWN);
}

TEST_F(GenerateTest, RepeatsAFailureThatCostNothingUntilItGivesUp) {
  options.retry.max_attempts = 3;
  const auto generation = Generate(Request("[[fail UPSTREAM_UNAVAILABLE]]"));
  EXPECT_EQ(Error(generation.status()).service_reason(), v1::ERROR_REASON_UPSTREAM_UNAVAILABLE);
  const auto calls = service.Seen("StreamGenerateImage");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].request_id, calls[2].request_id);
  EXPECT_EQ(service.generations().All().size(), 1u);
}

TEST_F(GenerateTest, TellsOfAServiceThatDies) {
  auto mortal = std::make_unique<fakes::FakeImageService>();
  std::promise<void> hanging;
  mortal->OnHang([&] { hanging.set_value(); });
  std::thread death([&] {
    hanging.get_future().wait();
    mortal.reset();
  });
  auto connected = Client::Connect({.address = mortal->address(), .retry = {.max_attempts_accepted = 3}}, waiter);
  ASSERT_TRUE(connected.ok());
  const auto generation = connected->Generate(Request("[[hang]]"), observer);
  death.join();
  const Error error(generation.status());
  EXPECT_EQ(error.reason(), kUnreachable) << generation.status();
  EXPECT_THAT(accepted, ElementsAre(error.generation()));
  EXPECT_EQ(waiter.waits.size(), 2u);
}

TEST_F(GenerateTest, WatchReturnsAFailureAsAGeneration) {
  const std::string name = service.generations().Reserve("r", Request("[[fail CONTENT_BLOCKED]]").spec()).name();
  const auto generation = client().Watch(name, observer);
  ASSERT_TRUE(generation.ok()) << generation.status();
  EXPECT_EQ(generation->state(), v1::GENERATION_STATE_FAILED);
}

TEST_F(GenerateTest, RawStreamHandsOverStatesOnceAcrossABreak) {
  service.Plan("StreamGenerateImage", {.after_messages = 2, .status = Broken()});
  v1::StreamGenerateImageRequest request;
  *request.mutable_spec() = Request().spec();
  std::vector<int64_t> revisions;
  ASSERT_TRUE(client().StreamGenerateImage(request, [&](const v1::StreamGenerateImageResponse& event) {
    revisions.push_back(event.generation().revision());
  }).ok());
  EXPECT_THAT(revisions, ElementsAre(1, 2, 3, 4, 5));
}

}  // namespace
}  // namespace easel::client
