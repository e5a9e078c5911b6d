#include "rpc/callers.h"

#include <algorithm>
#include <map>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "generation/error.h"

namespace easel::rpc {
namespace {

absl::Status Unknown(std::string_view why) {
  return generation::ToStatus(
      {.reason = v1::ERROR_REASON_CALLER_UNKNOWN,
       .message = absl::StrCat(std::string(why), " Nothing was recorded or spent. Send the metadata 'authorization: Bearer KEY' with a "
                                    "key that the operator of this service gave you."),
       .metadata = {{"charge_state", "NONE"}, {"cost_micros", "0"}}});
}

}  // namespace

struct Callers::List {
  explicit List(std::vector<KnownCaller> known) : callers(std::move(known)) {
    for (const KnownCaller& caller : callers) {
      has_keys = has_keys || !caller.keys.empty();
      for (const std::string& name : caller.certificates) by_certificate.emplace(name, &caller);
    }
  }

  // Every key is looked at to its end, so that the time tells nothing of what is near.
  const KnownCaller::Key* Find(std::string_view key, const KnownCaller*& owner) const {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
    const KnownCaller::Key* found = nullptr;
    for (const KnownCaller& caller : callers) {
      for (const KnownCaller::Key& known : caller.keys) {
        if (CRYPTO_memcmp(known.sha256.data(), digest.data(), digest.size()) != 0) continue;
        found = &known;
        owner = &caller;
      }
    }
    return found;
  }

  const std::vector<KnownCaller> callers;
  std::map<std::string, const KnownCaller*, std::less<>> by_certificate;
  bool has_keys = false;
};

Callers::Callers() : Callers(std::vector<KnownCaller>()) {}

Callers::Callers(std::vector<KnownCaller> known) : list_(std::make_shared<const List>(std::move(known))) {}

void Callers::Replace(std::vector<KnownCaller> known) {
  auto list = std::make_shared<const List>(std::move(known));
  const std::lock_guard lock(mutex_);
  list_.swap(list);
}

std::shared_ptr<const Callers::List> Callers::Now() const {
  const std::lock_guard lock(mutex_);
  return list_;
}

bool Callers::needed() const {
  const auto list = Now();
  return list->has_keys || !list->by_certificate.empty();
}

bool Callers::by_certificate() const { return !Now()->by_certificate.empty(); }

absl::StatusOr<std::string> Callers::Identify(const Credentials& credentials, absl::Time now) const {
  const auto list = Now();
  if (credentials.authorization.size() > 1) return Unknown("The call carries several 'authorization' values.");
  if (!credentials.authorization.empty()) {
    const auto key = BearerKey(credentials.authorization.front());
    if (!key) return Unknown("The call's 'authorization' is not of the form 'Bearer KEY'.");
    const KnownCaller* owner = nullptr;
    const KnownCaller::Key* known = list->Find(*key, owner);
    if (known == nullptr) return Unknown("The call's key is not known here.");
    if (now >= known->expire_time) return Unknown("The call's key has expired.");
    return owner->name;
  }
  for (const std::string& name : credentials.certificate_names) {
    if (const auto found = list->by_certificate.find(name); found != list->by_certificate.end()) return found->second->name;
  }
  return Unknown(credentials.certificate_names.empty() ? "The call carries no credentials."
                                                       : "The client's certificate belongs to no caller.");
}

std::optional<std::string_view> BearerKey(std::string_view authorization) {
  constexpr std::string_view kBearer = "bearer ";
  if (!absl::StartsWithIgnoreCase({authorization.data(), authorization.size()}, {kBearer.data(), kBearer.size()})) {
    return std::nullopt;
  }
  authorization.remove_prefix(kBearer.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  while (authorization.ends_with(' ')) authorization.remove_suffix(1);
  if (authorization.empty()) return std::nullopt;
  return authorization;
}

}  // namespace easel::rpc
