#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/config_problems.h"
#include "app/config_schema.h"
#include "app/config_sources.h"

namespace easel::app {

// What a TLS server shows and proves; PEM, checked to belong together.
struct TlsIdentity {
  std::string certificate_chain;
  std::string private_key;
};

// Reads what grpc.tls_cert_file and grpc.tls_key_file name, and checks grpc.tls_client_ca_file. Nothing if neither is set, or with a problem. A certificate
// that has expired or is not valid yet is a warning: callers decide whether they take it.
std::optional<TlsIdentity> ReadTls(const Settings& settings, const Sources& sources, Problems& problems,
                                   std::vector<std::string>& warnings);

}  // namespace easel::app
