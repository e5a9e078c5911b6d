#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "easel/v1/image_service.grpc.pb.h"
#include "generation/generations.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "rpc/server.h"
#include "storage/memory_generation_store.h"
#include "storage/memory_image_store.h"
#include "telemetry/prometheus_metrics.h"
#include "tests/fakes/fake_image_model.h"
#include "tests/fakes/real_clock.h"

namespace easel::rpc {

// The whole service but for its upstream and its disks, behind a real gRPC server on loopback; two loops.
class RpcTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kImageBytes = 200'000;

  // Of the server, where a test wants others than the defaults.
  struct Terms {
    std::size_t image_bytes = kImageBytes;
    absl::Duration heartbeat = absl::Seconds(8);
    ServerLimits limits = {};
    absl::Duration reply_patience = absl::Seconds(30);
  };
  RpcTest() : RpcTest(Terms()) {}
  explicit RpcTest(const Terms& terms);
  ~RpcTest() override;

  v1::ImageService::Stub& stub() { return *stub_; }
  generation::Generations& generations() { return *generations_; }
  fakes::FakeImageModel& upstream() { return upstream_; }
  Server& server() { return *server_; }
  // Nobody at first: then nobody needs credentials.
  Callers& callers() { return callers_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // A request that is valid; an empty request_id stays empty.
  template <class Request>
  static Request Order(const std::string& request_id) {
    Request request;
    request.mutable_spec()->set_prompt("a kitten on a windowsill");
    request.set_request_id(request_id);
    return request;
  }

  // The name of a generation that StartGeneration accepted.
  std::string StartOne(const std::string& request_id);
  // Waits for the end with WatchGeneration.
  v1::Generation AwaitEnd(const std::string& name);
  v1::Generation Get(const std::string& name);
  // The value of a series of the metrics.
  std::string Metric(const std::string& series) const;

  // A client of its own, so that calls do not share a connection.
  std::shared_ptr<grpc::Channel> NewChannel() const;

  void ShutDown();

 private:
  class Links final : public generation::ImageLinks {
    Link LinkTo(const record::v1::Record& record) const override {
      return {"http://images.test/" + record.generation().name(), absl::UnixEpoch() + absl::Hours(1)};
    }
  };

  generation::World MakeWorld();

  fakes::RealClock clock_;
  storage::MemoryGenerationStore store_;
  storage::MemoryImageStore images_;
  Links links_;
  fakes::FakeImageModel upstream_;
  generation::Catalog catalog_{generation::Host::kZai};
  generation::History history_;
  Callers callers_;
  telemetry::PrometheusMetrics metrics_{{}, {"test", ""}};
  std::vector<std::unique_ptr<boost::asio::io_context>> loops_;
  std::vector<std::thread> threads_;
  std::unique_ptr<generation::Admission> admission_;
  std::unique_ptr<generation::Generations> generations_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ImageService::Stub> stub_;
};

// A status' google.rpc.Status, and what is in its details.
google::rpc::Status DetailsOf(const grpc::Status& status);
google::rpc::ErrorInfo InfoOf(const grpc::Status& status);
// The fields of BadRequest, in their order.
std::vector<std::string> FieldsOf(const grpc::Status& status);

// The generation's name in a call's initial metadata; "" if it is not there.
std::string AnnouncedName(const grpc::ClientContext& context);

}  // namespace easel::rpc
