#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace easel::rpc {

// What a call shows to be let in, as views of the call.
struct Credentials {
  // Every value of the metadata "authorization".
  std::vector<std::string_view> authorization;
  // Names in the client's certificate, which TLS has verified, as "URI:spiffe://a/b", "DNS:a.example.com", "CN:a".
  std::vector<std::string> certificate_names;
};

struct KnownCaller {
  struct Key {
    std::array<std::uint8_t, 32> sha256{};
    absl::Time expire_time = absl::InfiniteFuture();
  };
  std::string name;
  std::vector<Key> keys;
  // Compared byte for byte with the names in a certificate.
  std::vector<std::string> certificates;
};

// Who may call. Thread-safe: calls look while a reload replaces the list.
class Callers {
 public:
  // Nobody has credentials: nobody needs any.
  Callers();
  explicit Callers(std::vector<KnownCaller> known);

  void Replace(std::vector<KnownCaller> known);

  // Whether any caller has credentials, so that every call needs some.
  bool needed() const;
  // Whether any caller is known by a certificate.
  bool by_certificate() const;

  // The caller that the credentials belong to. A key that is shown decides alone, be it wrong: then the certificate does
  // not count. UNAUTHENTICATED, as generation/error.h makes it, never saying which keys or names there are.
  absl::StatusOr<std::string> Identify(const Credentials& credentials, absl::Time now) const;

 private:
  struct List;
  std::shared_ptr<const List> Now() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const List> list_;
};

// The key in "Bearer KEY", the first word in any case of letters; nothing if it is something else.
std::optional<std::string_view> BearerKey(std::string_view authorization);

}  // namespace easel::rpc
