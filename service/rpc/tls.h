#pragma once

#include <memory>
#include <string>

#include <grpcpp/security/server_credentials.h>

#include "absl/status/statusor.h"

namespace easel::rpc {

// Paths of PEM files: the certificate with its chain, and its private key.
struct TlsFiles {
  std::string certificate;
  std::string key;
  // The authorities whose client certificates are taken; empty: clients are not asked for any.
  std::string client_authorities = {};
  // No connection without such a certificate; else a client may do without.
  bool client_required = false;
};

// What such files hold.
struct TlsIdentity {
  std::string certificate_chain;
  std::string private_key;
  std::string client_authorities;
};

// gRPC would find a bad certificate only when the first caller comes, so everything is checked here: INVALID_ARGUMENT names
// the file and what is wrong with it.
absl::StatusOr<TlsIdentity> LoadTls(const TlsFiles& files);

// Credentials of a server whose identity changes while it serves: each new connection gets the newest, and those that are
// there keep theirs. Thread-safe; outlives the server.
class ServerTls {
 public:
  // `identity` was loaded from `files`.
  ServerTls(const TlsFiles& files, TlsIdentity identity);
  ~ServerTls();

  std::shared_ptr<grpc::ServerCredentials> credentials() const;

  void Replace(TlsIdentity identity);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace easel::rpc
