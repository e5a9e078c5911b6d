#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace easel::http {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// One request as it came over the wire. A plain value.
struct Request {
  std::string method;  // as sent: "GET", "HEAD", "POST", ...
  std::string target;  // as sent: path and query
  std::string path;    // the target before '?', byte for byte, percent-encodings untouched
  std::string query;   // the target after '?', byte for byte; empty if there is none
  HeaderList headers;  // in the order of arrival
  std::string body;

  // The first header of that name, in any case of letters. Views into this request.
  std::optional<std::string_view> Header(std::string_view name) const;

  // The first query parameter of that name, percent-decoded, '+' read as a space. Nothing if it is absent or the query is
  // malformed.
  std::optional<std::string> Parameter(std::string_view name) const;
};

}  // namespace easel::http
