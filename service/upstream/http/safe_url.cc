#include "upstream/http/safe_url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <memory>

#include <curl/curl.h>

#include <boost/asio/ip/address_v6.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace easel::upstream {
namespace {

constexpr std::size_t kMaxUrl = 8 * 1024;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

// An IPv6 address in its usual spelling; any other host as it is.
std::string WithoutBrackets(std::string host) {
  if (host.size() <= 2 || host.front() != '[' || host.back() != ']') return host;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v6(host.substr(1, host.size() - 2), error);
  return error ? host : address.to_string();
}

bool HasForbiddenBytes(std::string_view url) {
  return std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f || c == '\\'; });
}

struct Split {
  std::size_t authority = 0;  // where it begins
  std::size_t rest = 0;       // where path, query or fragment begin
};

std::optional<Split> SplitUrl(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos || url.find_first_of("/?#") < scheme_end) return std::nullopt;
  const std::size_t authority = scheme_end + 3;
  return Split{authority, std::min(url.find_first_of("/?#", authority), url.size())};
}

bool IsPlainAuthority(std::string_view authority) {
  return !authority.empty() && std::all_of(authority.begin(), authority.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

bool IsEscape(std::string_view text) {
  return text.size() >= 3 && std::isxdigit(static_cast<unsigned char>(text[1])) != 0 &&
         std::isxdigit(static_cast<unsigned char>(text[2])) != 0;
}

// Path and query as a strict parser takes them; only for looking at, never for sending.
std::string Escaped(std::string_view rest) {
  static const std::array<bool, 256> strict = [] {
    std::array<bool, 256> plain{};
    for (unsigned c = 0; c < 128; ++c) plain[c] = std::isalnum(static_cast<int>(c)) != 0;
    for (const unsigned char c : std::string_view("!$&'()*+,-./:;=?@_~#")) plain[c] = true;
    return plain;
  }();
  std::string escaped;
  escaped.reserve(rest.size());
  bool in_fragment = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto c = static_cast<unsigned char>(rest[i]);
    const bool plain = c == '%' ? IsEscape(rest.substr(i)) : strict[c];
    if (plain && !(c == '#' && in_fragment)) {
      escaped.push_back(rest[i]);
    } else {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(c));
      escaped += hex;
    }
    in_fragment = in_fragment || c == '#';
  }
  return escaped;
}

std::string Part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  std::string part(text);
  curl_free(text);
  return part;
}

UrlParts PartsByCurl(std::string_view url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parser(curl_url(), &curl_url_cleanup);
  if (curl_url_set(parser.get(), CURLUPART_URL, std::string(url).c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) return {};
  return UrlParts{Lower(Part(parser.get(), CURLUPART_SCHEME)), WithoutBrackets(Lower(Part(parser.get(), CURLUPART_HOST)))};
}

}  // namespace

std::optional<UrlParts> ReadUrl(std::string_view url) {
  if (url.size() > kMaxUrl || HasForbiddenBytes(url)) return std::nullopt;
  const auto split = SplitUrl(url);
  if (!split || !IsPlainAuthority(url.substr(split->authority, split->rest - split->authority))) return std::nullopt;
  const std::string strict = std::string(url.substr(0, split->rest)) + Escaped(url.substr(split->rest));
  const auto parsed = boost::urls::parse_uri(strict);
  if (!parsed) return std::nullopt;
  UrlParts parts{Lower(std::string(parsed->scheme())), WithoutBrackets(Lower(std::string(parsed->encoded_host())))};
  if (parts.scheme != "http" && parts.scheme != "https") return std::nullopt;
  if (parsed->has_userinfo() || parts.host.empty()) return std::nullopt;
  const UrlParts by_curl = PartsByCurl(url);
  if (by_curl.scheme != parts.scheme || by_curl.host != parts.host) return std::nullopt;
  return parts;
}

std::string WithoutQuery(std::string_view url) {
  const std::string_view shown = url.substr(0, url.find_first_of("?#"));
  const auto split = SplitUrl(shown);
  if (!split) return std::string(shown);
  const auto at = shown.substr(0, split->rest).rfind('@');
  if (at == std::string_view::npos || at < split->authority) return std::string(shown);
  return std::string(shown.substr(0, split->authority)) + std::string(shown.substr(at + 1));
}

std::string ResolveLocation(std::string_view base, std::string_view location) {
  const auto colon = location.find(':');
  if (colon != std::string_view::npos && colon < location.find_first_of("/?#")) return std::string(location);
  const auto split = SplitUrl(base);
  if (!split) return std::string(location);
  if (location.starts_with("//")) return std::string(base.substr(0, split->authority - 2)) + std::string(location);
  std::string_view kept = base.substr(0, split->rest);
  if (!location.starts_with('/')) {
    const std::string_view path = base.substr(0, base.find_first_of("?#"));
    const auto slash = path.rfind('/');
    if (location.starts_with('?') || location.empty()) {
      kept = path;
    } else if (slash >= split->rest && slash != std::string_view::npos) {
      kept = path.substr(0, slash + 1);
    } else {
      return std::string(kept) + "/" + std::string(location);
    }
  }
  return std::string(kept) + std::string(location);
}

}  // namespace easel::upstream
