#include <mutex>
#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/log.h>

#include "rpc/tls.h"

namespace easel::rpc {
namespace {

grpc_ssl_client_certificate_request_type RequestOf(const TlsFiles& files) {
  if (files.client_authorities.empty()) return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  return files.client_required ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                               : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
}

grpc_ssl_server_certificate_config* ConfigOf(const TlsIdentity& identity) {
  const grpc_ssl_pem_key_cert_pair pair{identity.private_key.c_str(), identity.certificate_chain.c_str()};
  // gRPC wants authorities even where no client is asked for a certificate, and has no use for them then.
  const std::string& authorities =
      identity.client_authorities.empty() ? identity.certificate_chain : identity.client_authorities;
  return grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
}

// The C++ wrapper knows certificates that never change, and files that it reads without looking whether they are any good;
// gRPC's core asks for the newest at each handshake.
class FetchingCredentials final : public grpc::ServerCredentials {
 public:
  explicit FetchingCredentials(grpc_ssl_server_credentials_options* options)
      : credentials_(grpc_ssl_server_credentials_create_with_options(options)) {}
  ~FetchingCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {
    GPR_ASSERT(false);  // callers are told apart in Call
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

}  // namespace

struct ServerTls::State {
  // Called by gRPC at the start and at each handshake, one at a time.
  static grpc_ssl_certificate_config_reload_status Fetch(void* self, grpc_ssl_server_certificate_config** config) {
    auto& state = *static_cast<State*>(self);
    const std::lock_guard lock(state.mutex);
    if (!std::exchange(state.fresh, false)) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    *config = ConfigOf(state.identity);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  std::mutex mutex;
  TlsIdentity identity;
  bool fresh = true;  // gRPC has not seen it
  std::shared_ptr<grpc::ServerCredentials> credentials;
};

ServerTls::ServerTls(const TlsFiles& files, TlsIdentity identity) : state_(std::make_unique<State>()) {
  state_->identity = std::move(identity);
  state_->credentials = std::make_shared<FetchingCredentials>(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(RequestOf(files), &State::Fetch, state_.get()));
}

ServerTls::~ServerTls() = default;

std::shared_ptr<grpc::ServerCredentials> ServerTls::credentials() const { return state_->credentials; }

void ServerTls::Replace(TlsIdentity identity) {
  const std::lock_guard lock(state_->mutex);
  state_->identity = std::move(identity);
  state_->fresh = true;
}

}  // namespace easel::rpc
