#include "easel/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "easel/error.h"
#include "easel/service_config.h"

namespace easel::client {
namespace {

bool IsCaller(const std::string& caller) {
  return caller.size() <= 64 && std::all_of(caller.begin(), caller.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           c == '.' || c == '_' || c == '-';
  });
}

// As metadata takes it; gRPC would end the process over anything else.
bool IsKey(const std::string& key) {
  return std::all_of(key.begin(), key.end(), [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::optional<TlsOptions>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls->root_certificates;
  options.pem_cert_chain = tls->certificate_chain;
  options.pem_private_key = tls->private_key;
  return grpc::SslCredentials(options);
}

absl::Status Unusable(const std::string& message) {
  return ClientError(absl::StatusCode::kInvalidArgument, kUsage, message);
}

}  // namespace

absl::Status Check(const ConnectOptions& options) {
  if (options.address.empty()) return Unusable("the service's address is empty; it is written as host:port");
  if (!IsCaller(options.caller)) {
    return Unusable(absl::StrCat("the caller \"", options.caller,
                                 "\" is not 1 to 64 characters of a-z, 0-9, '.', '_' and '-'"));
  }
  if (!IsKey(options.api_key)) {
    return Unusable("the API key holds a space, a control character or a letter beyond ASCII; was it copied whole?");
  }
  if (options.max_receive_bytes <= 0) {
    return Unusable(absl::StrCat("max_receive_bytes is ", options.max_receive_bytes, "; it must be positive"));
  }
  if (options.tls && options.tls->certificate_chain.empty() != options.tls->private_key.empty()) {
    return Unusable("a client certificate needs both its chain and its private key");
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> OpenChannel(const ConnectOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
  arguments.SetServiceConfigJSON(kServiceConfig);
  // gRPC would answer from memory for a second after a failed connection; our own backoff decides instead.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  // A generation is silent for at most ten seconds; a dead peer is noticed soon after.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  if (!options.user_agent.empty()) arguments.SetUserAgentPrefix(options.user_agent);
  if (options.tls && !options.tls->server_name.empty()) arguments.SetSslTargetNameOverride(options.tls->server_name);
  return grpc::CreateCustomChannel(options.address, Credentials(options.tls), arguments);
}

}  // namespace easel::client
