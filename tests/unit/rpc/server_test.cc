#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace easel::rpc {
namespace {

using ::testing::HasSubstr;

class ServerTest : public RpcTest {
 protected:
  Environment environment() { return {.generations = generations(), .metrics = nothing_}; }

  grpc::health::v1::HealthCheckResponse::ServingStatus Health(const std::string& service = "") {
    const auto health = grpc::health::v1::Health::NewStub(channel());
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    const grpc::Status status = health->Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status();
  }

  generation::Metrics nothing_;
};

TEST_F(ServerTest, APortThatIsTakenIsSaidToBe) {
  boost::asio::io_context loop;
  const auto second = Server::Start({.listen = server().address()}, environment(), {loop.get_executor()});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(server().address() + ": Address already in use"));
}

TEST_F(ServerTest, AnAddressThatIsNoneIsSaidToBe) {
  boost::asio::io_context loop;
  for (const std::string listen : {"localhost", "256.0.0.1:0", "198.51.100.1:0"}) {
    const auto other = Server::Start({.listen = listen}, environment(), {loop.get_executor()});
    ASSERT_FALSE(other.ok()) << listen;
    EXPECT_THAT(std::string(other.status().message()), HasSubstr("cannot listen for gRPC on " + listen));
  }
}

TEST_F(ServerTest, ABadCertificateIsFoundBeforeItServes) {
  boost::asio::io_context loop;
  const std::string path = ::testing::TempDir() + "easel_not_a_certificate_" + std::to_string(::getpid()) + ".pem";
  std::ofstream(path) << "no certificate";
  const auto absent = Server::Start({.listen = "127.0.0.1:0", .tls = TlsFiles{"/nowhere/cert.pem", path}}, environment(),
                                    {loop.get_executor()});
  EXPECT_EQ(absent.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(absent.status().message()), HasSubstr("'/nowhere/cert.pem' cannot be read: No such file"));
  const auto bad =
      Server::Start({.listen = "127.0.0.1:0", .tls = TlsFiles{path, path}}, environment(), {loop.get_executor()});
  EXPECT_THAT(std::string(bad.status().message()), HasSubstr("holds no certificate in PEM format"));
  std::remove(path.c_str());
}

TEST_F(ServerTest, HealthSaysWhetherItServes) {
  EXPECT_EQ(Health(), grpc::health::v1::HealthCheckResponse::SERVING);
  EXPECT_EQ(Health("easel.v1.ImageService"), grpc::health::v1::HealthCheckResponse::SERVING);
  server().SetServing(false);
  EXPECT_EQ(Health(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Health("easel.v1.ImageService"), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
}

// One question to the reflection service, as bytes: its messages are in no header here.
std::string Reflect(const std::shared_ptr<grpc::Channel>& channel, const std::string& question) {
  grpc::GenericStub generic(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  auto call =
      generic.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(&ok);
  queue.Next(&tag, &ok);
  grpc::Slice slice(question);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), &ok);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer answer;
  call->Read(&answer, &ok);
  queue.Next(&tag, &ok);
  grpc::Slice flat;
  EXPECT_TRUE(answer.DumpToSingleSlice(&flat).ok());
  grpc::Status status;
  call->Finish(&status, &ok);
  queue.Next(&tag, &ok);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return {reinterpret_cast<const char*>(flat.begin()), flat.size()};
}

TEST_F(ServerTest, ReflectionListsEveryServiceAndKnowsItsFile) {
  const std::string list_services("\x3a\x00", 2);
  const std::string services = Reflect(channel(), list_services);
  for (const char* name : {"easel.v1.ImageService", "grpc.health.v1.Health", "grpc.channelz.v1.Channelz"}) {
    EXPECT_THAT(services, HasSubstr(name));
  }
  const auto file_of = [this](const std::string& symbol) {
    return Reflect(channel(), std::string("\x22") + static_cast<char>(symbol.size()) + symbol);
  };
  EXPECT_THAT(file_of("easel.v1.ImageService"), HasSubstr("StreamGenerateImageRequest"));
  EXPECT_THAT(file_of("grpc.health.v1.Health"), HasSubstr("HealthCheckRequest"));
}

TEST_F(ServerTest, SlowUpstreamDoesNotDelayHealth) {
  upstream().gate().Close();
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::StreamGenerateImageResponse>>> readers;
  for (int i = 0; i < 100; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(stub().StreamGenerateImage(contexts.back().get(),
                                                 Order<v1::StreamGenerateImageRequest>("r" + std::to_string(i))));
    readers.back()->WaitForInitialMetadata();
  }
  // All hundred are held at the upstream, and will be until after the answer: it cannot have waited for one of them.
  EXPECT_EQ(Health(), grpc::health::v1::HealthCheckResponse::SERVING);
  EXPECT_EQ(server().calls_in_flight(), 100U);
  upstream().gate().Open();
  v1::StreamGenerateImageResponse response;
  for (auto& reader : readers) {
    while (reader->Read(&response)) {
    }
    EXPECT_TRUE(reader->Finish().ok());
  }
}

TEST_F(ServerTest, ShutdownReturnsWithOperationsInFlight) {
  upstream().gate().Close();
  grpc::ClientContext watch_context;
  v1::WatchGenerationRequest watch;
  watch.set_name(StartOne("r1"));
  const auto watcher = stub().WatchGeneration(&watch_context, watch);
  v1::WatchGenerationResponse shown;
  ASSERT_TRUE(watcher->Read(&shown));

  grpc::ClientContext named_context;
  auto order = Order<v1::StreamGenerateImageRequest>("r2");
  order.set_cancel_policy(v1::CANCEL_POLICY_ABORT);
  const auto named = stub().StreamGenerateImage(&named_context, order);
  named->WaitForInitialMetadata();
  const std::string name = AnnouncedName(named_context);

  grpc::ClientContext nameless_context;
  const auto nameless = stub().StreamGenerateImage(&nameless_context, Order<v1::StreamGenerateImageRequest>(""));
  nameless->WaitForInitialMetadata();

  ShutDown();
  EXPECT_EQ(server().calls_in_flight(), 0U);
  while (watcher->Read(&shown)) {
  }
  EXPECT_EQ(InfoOf(watcher->Finish()).reason(), "SHUTTING_DOWN");
  v1::StreamGenerateImageResponse response;
  while (named->Read(&response)) {
  }
  const grpc::Status repeatable = named->Finish();
  EXPECT_EQ(repeatable.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(InfoOf(repeatable).metadata().at("generation"), name);
  while (nameless->Read(&response)) {
  }
  // No client may take this for a fault that a repeat mends: it would pay twice.
  EXPECT_EQ(nameless->Finish().error_code(), grpc::StatusCode::UNKNOWN);
  // The server went, not the caller: nothing was aborted.
  EXPECT_EQ(upstream().aborted(), 0);
  EXPECT_EQ(generations().Running(), 3);
}

// Calls whose deadline strikes while they complete, over and over: a second Finish, or one after the end, is what ASan
// would find. Every call ends exactly once, on both sides.
TEST_F(ServerTest, FinishesExactlyOnceWhenCancelRacesCompletion) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 300;
  std::atomic<int> early = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &early] {
      for (int i = 0; i < kCalls; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        grpc::ClientContext context;
        const auto patience = std::chrono::microseconds(200 + (i * 37) % 4000);
        if (i % 2 == 0) {
          context.set_deadline(std::chrono::system_clock::now() + patience);
          v1::GenerateImageResponse response;
          auto request = Order<v1::GenerateImageRequest>(id);
          request.set_image_delivery(v1::IMAGE_DELIVERY_INLINE);
          if (!stub().GenerateImage(&context, request, &response).ok()) ++early;
        } else {
          const auto reader = stub().StreamGenerateImage(&context, Order<v1::StreamGenerateImageRequest>(id));
          std::thread canceller([&context, patience] {
            std::this_thread::sleep_for(patience);
            context.TryCancel();
          });
          v1::StreamGenerateImageResponse response;
          while (reader->Read(&response)) {
          }
          if (!reader->Finish().ok()) ++early;
          canceller.join();
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GT(early.load(), 0);
  ShutDown();
  EXPECT_EQ(server().calls_in_flight(), 0U);
}

}  // namespace
}  // namespace easel::rpc
