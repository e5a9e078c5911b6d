#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "upstream/http/http_client.h"

namespace easel::upstream {

// Which URLs images may be fetched from. The known image hosts of the upstream are allowed over https and on public
// addresses only; hosts that the operator named are allowed over http too, on any port and any address, loopback
// included. Every other host is refused. Immutable.
class UrlGuard {
 public:
  // `operator_hosts`: names or addresses without port, as "images.example.com", "127.0.0.1", "::1"; "*.example.com"
  // stands for everything below example.com, not for itself. INVALID_ARGUMENT says which entry is wrong.
  static absl::StatusOr<UrlGuard> Create(std::span<const std::string> operator_hosts);

  // The addresses that this URL may be fetched from; empty: any. PERMISSION_DENIED says what is not allowed, naming
  // the host and never path or query. To be asked for each hop of a redirect; the URL is then fetched as it is spelled.
  absl::StatusOr<AddressFilter> Check(std::string_view url) const;

 private:
  struct Rule {
    std::string name;
    bool below = false;     // "*." before it
    bool trusted = false;   // named by the operator
  };

  explicit UrlGuard(std::vector<Rule> rules);
  static bool Matches(const Rule& rule, std::string_view host);

  std::vector<Rule> rules_;  // the operator's first
};

}  // namespace easel::upstream
