#include "rpc/server.h"

#include <algorithm>
#include <utility>

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "grpc/health/v1/health.pb.h"
#include "rpc/calls_in_flight.h"
#include "rpc/image_service.h"
#include "rpc/listen_address.h"

namespace easel::rpc {
namespace {

constexpr char kServiceName[] = "easel.v1.ImageService";
// How long the last answers have to leave.
constexpr absl::Duration kFarewell = absl::Seconds(1);

// Of the whole process, and before its first server.
void EnablePlugins() {
  static const bool enabled = [] {
    // Debian builds Abseil with its search for deadlocks on, which looks at the stack at every lock that gRPC takes.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::channelz::experimental::InitChannelzService();
    // Links the descriptor of the health service, without which reflection clients stop at it.
    grpc::health::v1::HealthCheckRequest::descriptor();
    return true;
  }();
  static_cast<void>(enabled);
}

void SetLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_request_bytes);
  // A second server on the same port would silently take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Finds a peer that went without a word while a call waits; and lets callers ask as often themselves.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

absl::Status CannotListen(const std::string& address) {
  const std::string why = WhyNotListen(address);
  return absl::FailedPreconditionError(absl::StrCat("cannot listen for gRPC on ", address, ": ",
                                                    why.empty() ? "gRPC does not say why" : why,
                                                    "; choose another address with EASEL_GRPC_LISTEN (port 0 takes a free "
                                                    "one), or stop what holds it"));
}

}  // namespace

struct Server::Parts {
  CallsInFlight calls;
  std::unique_ptr<grpc::Service> service;
  std::unique_ptr<grpc::Server> server;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Environment environment,
                                                      std::vector<boost::asio::any_io_executor> loops) {
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (options.tls) {
    auto loaded = LoadTls(*options.tls);
    if (!loaded.ok()) return loaded.status();
    credentials = *std::move(loaded);
  }
  // Without a port gRPC would take 443.
  if (options.listen.find(':') == std::string::npos) return CannotListen(options.listen);
  EnablePlugins();
  auto parts = std::make_unique<Parts>();
  parts->service = MakeImageService(std::move(environment), parts->calls, std::move(loops));
  grpc::ServerBuilder builder;
  int port = 0;
  SetLimits(options, builder);
  builder.AddListeningPort(options.listen, credentials, &port);
  builder.RegisterService(parts->service.get());
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr || port == 0) return CannotListen(options.listen);

  auto server = std::unique_ptr<Server>(new Server(std::move(parts)));
  server->address_ = WithPort(options.listen, port);
  server->SetServing(false);
  return server;
}

Server::~Server() { Shutdown(absl::Now()); }

void Server::SetServing(bool serving) {
  auto* health = parts_->server->GetHealthCheckService();
  health->SetServingStatus(serving);
  health->SetServingStatus(kServiceName, serving);
}

std::size_t Server::calls_in_flight() const { return parts_->calls.count(); }

void Server::Shutdown(absl::Time deadline) {
  SetServing(false);
  parts_->calls.ShutDown();
  parts_->calls.AwaitNone(deadline);
  // gRPC waits for open connections too, and a client that is idle may not notice that it is asked to close its own.
  parts_->server->Shutdown(absl::ToChronoTime(std::min(deadline, absl::Now() + kFarewell)));
}

}  // namespace easel::rpc
