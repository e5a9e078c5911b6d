#include <functional>

#include <gmock/gmock.h>
#include <openssl/sha.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace easel::rpc {
namespace {

using ::testing::HasSubstr;

KnownCaller CallerWith(const std::string& name, std::string_view key) {
  KnownCaller caller{.name = name, .keys = {KnownCaller::Key()}, .certificates = {}};
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), caller.keys[0].sha256.data());
  return caller;
}

class AccessTest : public RpcTest {
 protected:
  AccessTest() { callers().Replace({CallerWith("ada", "key-of-ada"), CallerWith("bob", "key-of-bob")}); }

  // A context that shows this key; "": none.
  static std::unique_ptr<grpc::ClientContext> With(const std::string& key) {
    auto context = std::make_unique<grpc::ClientContext>();
    if (!key.empty()) context->AddMetadata("authorization", "Bearer " + key);
    return context;
  }

  std::string StartAs(const std::string& key, const std::string& request_id) {
    v1::StartGenerationResponse response;
    const auto context = With(key);
    const grpc::Status status =
        stub().StartGeneration(context.get(), Order<v1::StartGenerationRequest>(request_id), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.generation().name();
  }

  // Every RPC with this key, about a generation of this name.
  std::vector<std::pair<std::string, grpc::Status>> CallAll(const std::string& key, const std::string& name);

  std::vector<std::pair<std::string, grpc::Status>> CallByName(const std::string& key, const std::string& name);
};

template <class Request>
Request Named(const std::string& name) {
  Request request;
  request.set_name(name);
  return request;
}

template <class Reader, class Response>
grpc::Status Drain(Reader reader, Response response) {
  while (reader->Read(&response)) {
  }
  return reader->Finish();
}

std::vector<std::pair<std::string, grpc::Status>> AccessTest::CallByName(const std::string& key, const std::string& name) {
  std::vector<std::pair<std::string, grpc::Status>> ends;
  v1::GetGenerationResponse got;
  ends.emplace_back("Get", stub().GetGeneration(With(key).get(), Named<v1::GetGenerationRequest>(name), &got));
  v1::CancelGenerationResponse cancelled;
  ends.emplace_back("Cancel",
                    stub().CancelGeneration(With(key).get(), Named<v1::CancelGenerationRequest>(name), &cancelled));
  v1::DeleteGenerationResponse deleted;
  ends.emplace_back("Delete",
                    stub().DeleteGeneration(With(key).get(), Named<v1::DeleteGenerationRequest>(name), &deleted));
  const auto watch = With(key);
  ends.emplace_back("Watch", Drain(stub().WatchGeneration(watch.get(), Named<v1::WatchGenerationRequest>(name)),
                                   v1::WatchGenerationResponse()));
  const auto read = With(key);
  ends.emplace_back("Read", Drain(stub().ReadImage(read.get(), Named<v1::ReadImageRequest>(name)), v1::ReadImageResponse()));
  return ends;
}

std::vector<std::pair<std::string, grpc::Status>> AccessTest::CallAll(const std::string& key, const std::string& name) {
  auto ends = CallByName(key, name);
  v1::GenerateImageResponse made;
  ends.emplace_back("Generate", stub().GenerateImage(With(key).get(), Order<v1::GenerateImageRequest>("r"), &made));
  v1::StartGenerationResponse started;
  ends.emplace_back("Start", stub().StartGeneration(With(key).get(), Order<v1::StartGenerationRequest>("r"), &started));
  const auto stream = With(key);
  ends.emplace_back("Stream", Drain(stub().StreamGenerateImage(stream.get(), Order<v1::StreamGenerateImageRequest>("r")),
                                    v1::StreamGenerateImageResponse()));
  v1::ListGenerationsResponse list;
  ends.emplace_back("List", stub().ListGenerations(With(key).get(), {}, &list));
  v1::QuoteImageResponse quote;
  ends.emplace_back("Quote", stub().QuoteImage(With(key).get(), {}, &quote));
  v1::ListModelsResponse models;
  ends.emplace_back("Models", stub().ListModels(With(key).get(), {}, &models));
  return ends;
}

TEST_F(AccessTest, AStrangerGetsNothingFromAnyRpcAndLeavesNoTrace) {
  const std::string name = StartAs("key-of-ada", "r1");
  const int submissions = upstream().submissions();
  for (const char* key : {"", "key-of-eve", "key-of-ad", "key-of-adaa", "ada"}) {
    for (const auto& [rpc, status] : CallAll(key, name)) {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << rpc << " " << key;
      EXPECT_EQ(InfoOf(status).reason(), "CALLER_UNKNOWN") << rpc;
    }
  }
  EXPECT_LE(upstream().submissions() - submissions, 1);  // ada's own
}

TEST_F(AccessTest, ARequestOfAStrangersIsNotEvenRead) {
  v1::GetGenerationResponse response;
  const auto bad = Named<v1::GetGenerationRequest>("no name at all");
  EXPECT_EQ(stub().GetGeneration(With("wrong").get(), bad, &response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(stub().GetGeneration(With("key-of-ada").get(), bad, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

// The two answers must not differ in anything but the name that was asked for.
std::string WithoutName(const grpc::Status& status, const std::string& name) {
  std::string text = status.error_message() + DetailsOf(status).DebugString();
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name)) text.replace(at, name.size(), "NAME");
  return text;
}

TEST_F(AccessTest, AnothersGenerationIsLikeOneThatDoesNotExist) {
  const std::string name = StartAs("key-of-ada", "r1");
  std::string none = name;
  none.back() = none.back() == '0' ? '1' : '0';
  const auto others = CallByName("key-of-bob", name);
  const auto nobodys = CallByName("key-of-bob", none);
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_EQ(others[i].second.error_code(), grpc::StatusCode::NOT_FOUND) << others[i].first;
    EXPECT_EQ(WithoutName(others[i].second, name), WithoutName(nobodys[i].second, none)) << others[i].first;
  }
  v1::ListGenerationsResponse list;
  EXPECT_TRUE(stub().ListGenerations(With("key-of-bob").get(), {}, &list).ok());
  EXPECT_EQ(list.generations_size(), 0);
  EXPECT_TRUE(stub().ListGenerations(With("key-of-ada").get(), {}, &list).ok());
  EXPECT_EQ(list.generations_size(), 1);
}

TEST_F(AccessTest, TheKeyDecidesAndNotWhatTheCallerSaysOfItself) {
  const std::string name = StartAs("key-of-ada", "r1");
  const auto context = With("key-of-bob");
  context->AddMetadata("easel-caller", "ada");
  v1::GetGenerationResponse response;
  EXPECT_EQ(stub().GetGeneration(context.get(), Named<v1::GetGenerationRequest>(name), &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  const auto odd = With("key-of-ada");
  odd->AddMetadata("easel-caller", "No Name!");
  EXPECT_TRUE(stub().GetGeneration(odd.get(), Named<v1::GetGenerationRequest>(name), &response).ok());
}

TEST_F(AccessTest, EqualRequestIdsOfTwoCallersAreTwoGenerations) {
  EXPECT_NE(StartAs("key-of-ada", "r1"), StartAs("key-of-bob", "r1"));
  EXPECT_EQ(StartAs("key-of-ada", "r1"), StartAs("key-of-ada", "r1"));
}

TEST_F(AccessTest, AKeyThatIsTakenAwayIsNoKeyForTheNextCall) {
  const std::string name = StartAs("key-of-ada", "r1");
  callers().Replace({CallerWith("bob", "key-of-bob")});
  v1::GetGenerationResponse response;
  const grpc::Status status =
      stub().GetGeneration(With("key-of-ada").get(), Named<v1::GetGenerationRequest>(name), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("authorization: Bearer"));
}

TEST_F(AccessTest, MoreMetadataThanACallNeedsIsRefusedAndTheServerLives) {
  v1::ListModelsResponse response;
  const auto context = With("key-of-ada");
  context->AddMetadata("x-large", std::string(1024 * 1024, 'x'));
  // gRPC may end such a connection, so it is one of its own.
  EXPECT_FALSE(v1::ImageService::NewStub(NewChannel())->ListModels(context.get(), {}, &response).ok());
  EXPECT_TRUE(stub().ListModels(With("key-of-ada").get(), {}, &response).ok());
}

}  // namespace
}  // namespace easel::rpc
