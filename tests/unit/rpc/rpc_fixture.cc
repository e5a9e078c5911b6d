#include "tests/unit/rpc/rpc_fixture.h"

#include <random>

#include <boost/asio/executor_work_guard.hpp>

#include "absl/strings/str_split.h"

namespace easel::rpc {
namespace {

namespace asio = boost::asio;

std::uint64_t Random() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return engine();
}

std::vector<std::string> Names(const generation::Catalog& catalog) {
  std::vector<std::string> names;
  for (const v1::Model& model : catalog.models()) names.push_back(model.model());
  return names;
}

}  // namespace

RpcTest::RpcTest(const Terms& terms) : upstream_(fakes::PngOf(1280, 1280, terms.image_bytes)) {
  std::vector<asio::any_io_executor> executors;
  for (int i = 0; i < 2; ++i) {
    loops_.push_back(std::make_unique<asio::io_context>(1));
    executors.push_back(asio::require(loops_.back()->get_executor(), asio::execution::outstanding_work.tracked));
    threads_.emplace_back([loop = loops_.back().get()] { loop->run(); });
  }
  admission_ = std::make_unique<generation::Admission>(
      1000, generation::Governor::Limits{.start = 1000, .max = 1000}, std::vector<generation::ImageModel*>{&upstream_},
      Names(catalog_), clock_, metrics_, Random, executors.front());
  generations_ = std::make_unique<generation::Generations>(MakeWorld(), executors);
  auto server = Server::Start({.listen = "127.0.0.1:0", .limits = terms.limits},
                              {.generations = *generations_,
                               .metrics = metrics_,
                               .heartbeat = terms.heartbeat,
                               .on_fault = {},
                               .callers = &callers_,
                               .reply_patience = terms.reply_patience},
                              executors);
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  server_->SetServing(true);
  channel_ = NewChannel();
  stub_ = v1::ImageService::NewStub(channel_);
}

generation::World RpcTest::MakeWorld() {
  return {.catalog = catalog_,
          .store = store_,
          .images = images_,
          .links = links_,
          .models = {&upstream_},
          .admission = *admission_,
          .history = history_,
          .clock = clock_,
          .metrics = metrics_,
          .random = Random,
          .pacing = {},
          .rejects_duplicates = false,
          .on_end = [](const generation::Record&) {},
          .on_fault = [](const absl::Status&) {}};
}

RpcTest::~RpcTest() {
  ShutDown();
  generations_->Suspend();
  upstream_.gate().Open();
  EXPECT_TRUE(generations_->AwaitIdle(absl::Seconds(30)));
  for (auto& loop : loops_) loop->stop();
  for (auto& thread : threads_) thread.join();
}

void RpcTest::ShutDown() { server_->Shutdown(absl::Now() + absl::Seconds(30)); }

std::shared_ptr<grpc::Channel> RpcTest::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), arguments);
}

std::string RpcTest::StartOne(const std::string& request_id) {
  grpc::ClientContext context;
  v1::StartGenerationResponse response;
  const grpc::Status status =
      stub().StartGeneration(&context, Order<v1::StartGenerationRequest>(request_id), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(AnnouncedName(context), response.generation().name());
  return response.generation().name();
}

v1::Generation RpcTest::AwaitEnd(const std::string& name) {
  grpc::ClientContext context;
  v1::WatchGenerationRequest request;
  request.set_name(name);
  const auto reader = stub().WatchGeneration(&context, request);
  v1::WatchGenerationResponse response;
  while (reader->Read(&response)) {
  }
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.generation();
}

v1::Generation RpcTest::Get(const std::string& name) {
  grpc::ClientContext context;
  v1::GetGenerationRequest request;
  request.set_name(name);
  v1::GetGenerationResponse response;
  const grpc::Status status = stub().GetGeneration(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.generation();
}

std::string RpcTest::Metric(const std::string& series) const {
  for (const auto& line : absl::StrSplit(metrics_.Text(), '\n')) {
    const std::string text(line);
    if (text.starts_with(series + " ")) return text.substr(series.size() + 1);
  }
  return "absent";
}

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details())) << status.error_message();
  EXPECT_EQ(details.code(), status.error_code());
  return details;
}

google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  const google::rpc::Status error = DetailsOf(status);
  for (const auto& detail : error.details()) {
    if (detail.UnpackTo(&info)) break;
  }
  return info;
}

std::vector<std::string> FieldsOf(const grpc::Status& status) {
  std::vector<std::string> fields;
  const google::rpc::Status error = DetailsOf(status);
  for (const auto& detail : error.details()) {
    google::rpc::BadRequest bad;
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) fields.push_back(violation.field());
  }
  return fields;
}

std::string AnnouncedName(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerInitialMetadata();
  const auto found = metadata.find("easel-generation");
  return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

}  // namespace easel::rpc
