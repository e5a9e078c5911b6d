// URLs of images and redirects: what the guard lets through leads nowhere inside, however it is spelled.
// Input: a URL, a new line, and a Location header that is followed from there.
#include <algorithm>
#include <array>
#include <vector>

#include <netdb.h>

#include "tests/fuzz/fuzz.h"
#include "upstream/http/public_address.h"
#include "upstream/http/safe_url.h"
#include "upstream/http/url_guard.h"

namespace easel::fuzz {
namespace {

namespace ip = boost::asio::ip;
using upstream::UrlGuard;

constexpr std::array kInside = {"127.0.0.1",   "10.1.2.3",  "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0",
                                "172.16.0.1", "224.0.0.1", "::1",             "::",          "fe80::1",    "fc00::1",
                                "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "ff02::1"};

const UrlGuard& Guard() {
  static const UrlGuard guard = *UrlGuard::Create(std::vector<std::string>{"*.example.com", "images.example.net"});
  return guard;
}

// What the system itself takes for an address: 127.1, 0x7f000001 and 2130706433 too.
bool IsAddress(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  const bool numeric = ::getaddrinfo(host.c_str(), nullptr, &hints, &found) == 0;
  if (found != nullptr) ::freeaddrinfo(found);
  return numeric;
}

bool IsOperators(const std::string& host) { return host == "images.example.net" || host.ends_with(".example.com"); }

bool IsUpstreams(const std::string& host) {
  return host == "mfile.z.ai" || host == "aigc-files.bigmodel.cn" || host == "cdn.bigmodel.cn" || host.ends_with(".ufileos.com");
}

void CheckAllowed(const std::string& url, const upstream::AddressFilter& allowed) {
  const auto parts = upstream::ReadUrl(url);
  Require(parts.has_value(), "only a plain URL is allowed", url);
  Require(!IsAddress(parts->host), "no address is allowed where names are named", url);
  Require(IsOperators(parts->host) || IsUpstreams(parts->host), "only named hosts are allowed", url);
  if (IsOperators(parts->host)) return;
  Require(parts->scheme == "https" && allowed != nullptr, "the upstream's hosts are asked over https, at public addresses", url);
  for (const char* inside : kInside) Require(!allowed(ip::make_address(inside)), "inside stays inside", inside);
}

void CheckUrl(const std::string& url) {
  const auto parts = upstream::ReadUrl(url);
  if (parts) {
    Require(parts->scheme == "http" || parts->scheme == "https", "http or https", url);
    Require(!parts->host.empty() && parts->host.find_first_of("@/\\ %[]") == std::string::npos, "a host is a host", parts->host);
  }
  const auto allowed = Guard().Check(url);
  if (allowed.ok()) {
    CheckAllowed(url, *allowed);
  } else {
    const std::string message(allowed.status().message());
    Require(IsUtf8(message) && !HasControl(message), "a refusal can be printed", message);
    Require(message.find('?') == std::string::npos, "a refusal shows no query", message);
  }
  const std::string shown = upstream::WithoutQuery(url);
  Require(shown.find_first_of("?#") == std::string::npos, "a shown URL has no query", shown);
  Require(upstream::WithoutQuery(shown) == shown, "shown twice is shown once", shown);
}

// An address that the standard says is special must not count as public, in any of its clothes.
void CheckAddress(const std::string& text) {
  boost::system::error_code error;
  const auto address = ip::make_address(text, error);
  if (error) return;
  const bool is_public = upstream::IsPublicAddress(address);
  Require(!is_public || !(address.is_loopback() || address.is_multicast() || address.is_unspecified()), "special", text);
  if (!address.is_v4()) return;
  const auto mapped = ip::make_address_v6(ip::v4_mapped, address.to_v4());
  Require(upstream::IsPublicAddress(ip::address(mapped)) == is_public, "a mapped address is as public as itself", text);
}

}  // namespace
}  // namespace easel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace easel::fuzz;
  std::string_view input = View(data, size);
  const std::string url(TakeUntil(input, "\n"));
  const std::string location(input);
  CheckUrl(url);
  CheckAddress(location);
  const std::string next = easel::upstream::ResolveLocation(url, location);
  CheckUrl(next);
  const auto from = easel::upstream::ReadUrl(url);
  const auto to = easel::upstream::ReadUrl(next);
  if (from && to && location.starts_with('/') && !location.starts_with("//")) {
    Require(from->host == to->host, "a path stays on its host", next);
  }
  return 0;
}
