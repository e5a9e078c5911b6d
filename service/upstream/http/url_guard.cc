#include "upstream/http/url_guard.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "upstream/http/public_address.h"
#include "upstream/http/safe_url.h"

namespace easel::upstream {
namespace {

constexpr std::string_view kKnownHosts[] = {"mfile.z.ai", "aigc-files.bigmodel.cn", "cdn.bigmodel.cn"};
constexpr std::string_view kKnownAbove = "ufileos.com";

bool IsName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.back() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
         });
}

// Lower case, addresses in their usual spelling; empty: neither a name nor an address.
std::string Normalised(std::string_view entry) {
  std::string host(entry);
  std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return std::tolower(c); });
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (!error) return address.to_string();
  return IsName(host) ? host : std::string();
}

absl::Status Refused(const std::string& why) { return absl::PermissionDeniedError(why); }

}  // namespace

UrlGuard::UrlGuard(std::vector<Rule> rules) : rules_(std::move(rules)) {}

absl::StatusOr<UrlGuard> UrlGuard::Create(std::span<const std::string> operator_hosts) {
  std::vector<Rule> rules;
  for (const std::string& entry : operator_hosts) {
    const bool below = entry.starts_with("*.");
    std::string name = Normalised(below ? std::string_view(entry).substr(2) : std::string_view(entry));
    if (name.empty()) {
      return absl::InvalidArgumentError("image host \"" + entry +
                                        "\" is not a host: write a name or an address without scheme, port and path, as "
                                        "images.example.com or *.example.com (any port is allowed)");
    }
    rules.push_back({std::move(name), below, true});
  }
  for (const std::string_view name : kKnownHosts) rules.push_back({std::string(name), false, false});
  rules.push_back({std::string(kKnownAbove), true, false});
  return UrlGuard(std::move(rules));
}

bool UrlGuard::Matches(const Rule& rule, std::string_view host) {
  if (!rule.below) return host == rule.name;
  return host.size() > rule.name.size() + 1 && host.ends_with(rule.name) && host[host.size() - rule.name.size() - 1] == '.';
}

absl::StatusOr<AddressFilter> UrlGuard::Check(std::string_view url) const {
  const auto parts = ReadUrl(url);
  if (!parts) return Refused("the image's URL is not a plain http or https URL");
  const std::string host = Normalised(parts->host);
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& r) { return Matches(r, host); });
  if (rule == rules_.end()) {
    return Refused("the image host " + parts->host + " is not allowed; if it should be, add it to EASEL_IMAGE_HOSTS");
  }
  if (rule->trusted) return AddressFilter();
  if (parts->scheme != "https") return Refused("the image host " + parts->host + " is allowed over https only");
  return AddressFilter(&IsPublicAddress);
}

}  // namespace easel::upstream
