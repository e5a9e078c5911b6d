#include "rpc/server.h"

#include <algorithm>
#include <utility>

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
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
#include "rpc/reply_room.h"

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

// The plugins are of the process, and a server may do without.
class OpenServices final : public grpc::ServerBuilderOption {
 public:
  explicit OpenServices(const ServerOptions& options) {
    if (!options.reflection) unwanted_.push_back("proto_server_reflection");
    if (!options.channelz) unwanted_.push_back("channelz_service");
  }

  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [this](const auto& plugin) {
      return std::ranges::find(unwanted_, plugin->name()) != unwanted_.end();
    });
  }

 private:
  std::vector<std::string> unwanted_;
};

absl::Status CannotListen(const std::string& address) {
  const std::string why = WhyNotListen(address);
  return absl::FailedPreconditionError(absl::StrCat("cannot listen for gRPC on ", address, ": ",
                                                    why.empty() ? "gRPC does not say why" : why,
                                                    "; choose another address with EASEL_GRPC_LISTEN (port 0 takes a free "
                                                    "one), or stop what holds it"));
}

}  // namespace

struct Server::Parts {
  std::unique_ptr<ServerTls> tls;
  std::unique_ptr<ReplyRoom> reply_room;
  CallsInFlight calls;
  std::unique_ptr<grpc::Service> service;
  std::unique_ptr<grpc::Server> server;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Environment environment,
                                                      std::vector<boost::asio::any_io_executor> loops) {
  auto parts = std::make_unique<Parts>();
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (options.tls) {
    auto loaded = LoadTls(*options.tls);
    if (!loaded.ok()) return loaded.status();
    parts->tls = std::make_unique<ServerTls>(*options.tls, *std::move(loaded));
    credentials = parts->tls->credentials();
  }
  // Without a port gRPC would take 443.
  if (options.listen.find(':') == std::string::npos) return CannotListen(options.listen);
  EnablePlugins();
  parts->reply_room = std::make_unique<ReplyRoom>(options.limits.max_reply_bytes);
  environment.reply_room = parts->reply_room.get();
  parts->service = MakeImageService(std::move(environment), parts->calls, std::move(loops));
  grpc::ServerBuilder builder;
  int port = 0;
  SetLimits(options.limits, builder);
  builder.SetOption(std::make_unique<OpenServices>(options));
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

absl::Status Server::ReloadTls(const TlsFiles& files) {
  auto loaded = LoadTls(files);
  if (loaded.ok()) parts_->tls->Replace(*std::move(loaded));
  return loaded.status();
}

std::size_t Server::calls_in_flight() const { return parts_->calls.count(); }

absl::Time Server::last_call() const { return parts_->calls.last_arrival(); }

void Server::Shutdown(absl::Time deadline) {
  SetServing(false);
  parts_->calls.ShutDown();
  parts_->calls.AwaitNone(deadline);
  // gRPC waits for open connections too, and a client that is idle may not notice that it is asked to close its own.
  parts_->server->Shutdown(absl::ToChronoTime(std::min(deadline, absl::Now() + kFarewell)));
}

}  // namespace easel::rpc
