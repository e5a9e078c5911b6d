#include "rpc/identify.h"

#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include "absl/strings/str_cat.h"

namespace easel::rpc {
namespace {

// TLS took the certificate for good, or there would be no connection.
std::vector<std::string> CertificateNames(const grpc::CallbackServerContext& context) {
  std::vector<std::string> names;
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return names;
  for (const auto& [property, kind] : std::initializer_list<std::pair<const char*, const char*>>{
           {GRPC_PEER_URI_PROPERTY_NAME, "URI:"}, {GRPC_PEER_DNS_PROPERTY_NAME, "DNS:"}, {GRPC_X509_CN_PROPERTY_NAME, "CN:"}}) {
    for (const grpc::string_ref& value : peer->FindPropertyValues(property)) {
      names.push_back(absl::StrCat(kind, absl::string_view(value.data(), value.size())));
    }
  }
  return names;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> Identify(const Callers* callers, const grpc::CallbackServerContext& context,
                                                    absl::Time now) {
  if (callers == nullptr || !callers->needed()) return std::nullopt;
  Credentials credentials;
  const auto range = context.client_metadata().equal_range("authorization");
  for (auto it = range.first; it != range.second; ++it) {
    credentials.authorization.emplace_back(it->second.data(), it->second.size());
  }
  if (credentials.authorization.empty() && callers->by_certificate()) {
    credentials.certificate_names = CertificateNames(context);
  }
  absl::StatusOr<std::string> name = callers->Identify(credentials, now);
  if (!name.ok()) return name.status();
  return std::optional<std::string>(*std::move(name));
}

}  // namespace easel::rpc
