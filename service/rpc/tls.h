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
};

// Credentials for a server. gRPC would find a bad certificate only when the first caller comes, so everything is checked
// here: INVALID_ARGUMENT names the file and what is wrong with it.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> LoadTls(const TlsFiles& files);

}  // namespace easel::rpc
