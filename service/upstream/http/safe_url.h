#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace easel::upstream {

// What two parsers, Boost.URL's and curl's, read alike in a URL.
struct UrlParts {
  std::string scheme;  // lower case
  std::string host;    // lower case; an IPv6 address without brackets
};

// The parts of an http or https URL that is spelled plainly; nothing where the parsers might disagree or a part could
// mislead: user names, backslashes, spaces, control characters, percent signs or bytes beyond ASCII in the authority,
// numbers that curl would read as an IPv4 address, more than 8 KiB. Path and query may hold any other byte.
std::optional<UrlParts> ReadUrl(std::string_view url);

// For logs and errors: without query, fragment and user name.
std::string WithoutQuery(std::string_view url);

// What a Location header means, seen from `base` (an absolute URL); its bytes are kept as they are.
std::string ResolveLocation(std::string_view base, std::string_view location);

}  // namespace easel::upstream
