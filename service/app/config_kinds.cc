#include "app/config_kinds.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <initializer_list>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "app/s3_location.h"

namespace easel::app {
namespace {

using boost::asio::ip::make_address;

bool IsHostName(const std::string& host) {
  if (host.empty() || host.size() > 253) return false;
  for (const auto label : absl::StrSplit(host, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') return false;
    }
  }
  return true;
}

bool IsIpV6(const std::string& host) {
  boost::system::error_code error;
  return make_address(host, error).is_v6() && !error;
}

bool IsHostPattern(const std::string& text) {
  if (absl::StartsWith(text, "*.")) return IsHostName(text.substr(2));
  return IsHostName(text) || IsIpV6(text);
}

bool HasGoodPort(const boost::urls::url_view& url) {
  int port = 0;
  return !url.has_port() || (absl::SimpleAtoi(std::string(url.port()), &port) && port > 0 && port < 65536);
}

bool IsUrl(const std::string& text, std::initializer_list<std::string_view> schemes, bool user_allowed) {
  const auto url = boost::urls::parse_uri(text);
  if (url.has_error() || url->host().empty() || url->has_query() || url->has_fragment()) return false;
  if (url->has_userinfo() && !user_allowed) return false;
  const std::string scheme = absl::AsciiStrToLower(std::string(url->scheme()));
  return std::find(schemes.begin(), schemes.end(), scheme) != schemes.end() && HasGoodPort(*url);
}

// What libpq reads may name several hosts, which no URL may, and sockets; so it is for libpq to say whether it is right.
bool IsPostgres(const std::string& text) {
  return (absl::StartsWith(text, "postgres://") || absl::StartsWith(text, "postgresql://")) &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; });
}

bool IsVariable(const std::string& text) {
  if (text.empty() || absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           c == '_';
  });
}

bool IsSha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(c));
  });
}

bool IsCaller(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           c == '.' || c == '_' || c == '-';
  });
}

bool IsCertificateName(const std::string& text) {
  for (const char* kind : {"URI:", "DNS:", "CN:"}) {
    if (absl::StartsWith(text, kind)) return text.size() > std::string_view(kind).size();
  }
  return false;
}

bool IsCurrency(const std::string& text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(),
                                         [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); });
}

}  // namespace

std::optional<absl::Time> ParseTime(const std::string& text) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return std::nullopt;
  return time;
}

std::optional<ListenAddress> ParseListenAddress(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  const std::string digits = text.substr(colon + 1);
  int port = 0;
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  if (!absl::SimpleAtoi(digits, &port) || port > 65535) return std::nullopt;

  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (!IsIpV6(host)) return std::nullopt;
  } else if (!IsHostName(host)) {
    return std::nullopt;
  }
  return ListenAddress{host, static_cast<uint16_t>(port)};
}

bool IsLoopback(const std::string& host) {
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  boost::system::error_code error;
  const auto address = make_address(host, error);
  return !error && address.is_loopback();
}

bool IsOfKind(config::v1::Kind kind, const std::string& text) {
  switch (kind) {
    case config::v1::KIND_LISTEN_ADDRESS:
      return ParseListenAddress(text).has_value();
    case config::v1::KIND_HTTP_URL:
      return IsUrl(text, {"http", "https"}, false);
    case config::v1::KIND_PROXY_URL:
      return IsUrl(text, {"http", "https", "socks5", "socks5h"}, true);
    case config::v1::KIND_HOST_PATTERN:
      return IsHostPattern(text);
    case config::v1::KIND_STORE:
      return text == "sqlite" || text == "memory" || IsPostgres(text);
    case config::v1::KIND_IMAGES:
      return text == "file" || text == "memory" || ParseS3Location(text).has_value();
    case config::v1::KIND_VARIABLE:
      return IsVariable(text);
    case config::v1::KIND_CURRENCY:
      return IsCurrency(text);
    case config::v1::KIND_SHA256:
      return IsSha256(text);
    case config::v1::KIND_TIME:
      return ParseTime(text).has_value();
    case config::v1::KIND_CALLER:
      return IsCaller(text);
    case config::v1::KIND_CERTIFICATE_NAME:
      return IsCertificateName(text);
    default:
      return true;
  }
}

std::string DescribeKind(config::v1::Kind kind) {
  switch (kind) {
    case config::v1::KIND_LISTEN_ADDRESS:
      return "host:port, such as 127.0.0.1:8080 or [::1]:0";
    case config::v1::KIND_HTTP_URL:
      return "an http or https URL without user, query and fragment";
    case config::v1::KIND_PROXY_URL:
      return "an http, https, socks5 or socks5h URL";
    case config::v1::KIND_HOST_PATTERN:
      return "host names without port, such as images.example.com or *.example.com";
    case config::v1::KIND_STORE:
      return "sqlite, memory or postgres://USER@HOST:PORT/DATABASE";
    case config::v1::KIND_IMAGES:
      return "file, memory or s3://BUCKET/PREFIX, with a bucket of 3 to 63 lower-case letters, digits, dots and hyphens";
    case config::v1::KIND_VARIABLE:
      return "the name of an environment variable, in capital letters";
    case config::v1::KIND_CURRENCY:
      return "three capital letters such as USD";
    case config::v1::KIND_SHA256:
      return "64 hexadecimal digits, as printf %s KEY | sha256sum prints them";
    case config::v1::KIND_TIME:
      return "a time such as 2027-01-31T00:00:00Z";
    case config::v1::KIND_CALLER:
      return "a name of 1 to 64 of a-z, 0-9, '.', '_' and '-'";
    case config::v1::KIND_CERTIFICATE_NAME:
      return "URI:..., DNS:... or CN:..., such as DNS:posters.example.com";
    default:
      return "a text";
  }
}

}  // namespace easel::app
