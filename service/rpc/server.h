#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/call.h"
#include "rpc/server_limits.h"
#include "rpc/tls.h"

namespace easel::rpc {

struct ServerOptions {
  // "host:port"; port 0 takes a free one.
  std::string listen = "127.0.0.1:50051";
  // None: plain text.
  std::optional<TlsFiles> tls = std::nullopt;
  ServerLimits limits = {};
  // Both answer anybody. Channelz tells of peers and calls: for where callers need no credentials.
  bool reflection = true;
  bool channelz = true;
};

// The gRPC listener: ImageService, health, reflection and channelz. Takes calls from Start on, with health NOT_SERVING until
// SetServing(true).
class Server {
 public:
  // `loops`: where calls run, each of one thread; they run until Shutdown has returned. The environment's references
  // outlive the server. INVALID_ARGUMENT for a bad certificate or key, FAILED_PRECONDITION if the address cannot be
  // listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, Environment environment,
                                                       std::vector<boost::asio::any_io_executor> loops);
  // Shuts down at once.
  ~Server();

  // "host:port" as bound.
  const std::string& address() const { return address_; }

  // What the health service answers, for the whole server and for easel.v1.ImageService: balancers send nobody to a server
  // that is not serving. Calls are taken either way.
  void SetServing(bool serving);

  // From here on new connections are served with what these files hold now; as LoadTls, and after an error nothing has
  // changed. Whether clients are asked for certificates stays as it was at the start. Not without options.tls.
  absl::Status ReloadTls(const TlsFiles& files);

  // Calls between arrival and end.
  std::size_t calls_in_flight() const;
  // When the last one arrived.
  absl::Time last_call() const;

  // Takes no connection any more, ends every call (those that wait for a generation with SHUTTING_DOWN) and returns when
  // the last one has finished: at `deadline` gRPC cuts what is left. Not from a loop, a signal handler or a gRPC thread;
  // more than once does no harm.
  void Shutdown(absl::Time deadline);

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
  std::string address_;
};

}  // namespace easel::rpc
