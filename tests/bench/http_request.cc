#include "tests/bench/http_request.h"

#include <charconv>
#include <strings.h>

namespace easel::bench {
namespace {

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

void TakeHeader(std::string_view line, HttpRequest& request, std::size_t& length) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (SameText(name, "content-length")) {
    std::from_chars(value.data(), value.data() + value.size(), length);
  } else if (SameText(name, "connection")) {
    request.keep_alive = !SameText(value, "close");
  } else if (SameText(name, "transfer-encoding")) {
    request.chunked = true;
  }
}

}  // namespace

std::optional<HttpRequest> FirstRequest(std::string_view input) {
  const std::size_t head = input.find("\r\n\r\n");
  if (head == std::string_view::npos) return std::nullopt;
  HttpRequest request;
  std::string_view rest = input.substr(0, head + 2);
  const std::string_view line = rest.substr(0, rest.find("\r\n"));
  const std::size_t first = line.find(' ');
  const std::size_t second = line.rfind(' ');
  if (first == std::string_view::npos || second <= first) return std::nullopt;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  request.keep_alive = line.ends_with("1.1");
  rest.remove_prefix(line.size() + 2);

  std::size_t length = 0;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    TakeHeader(rest.substr(0, end), request, length);
    rest.remove_prefix(end + 2);
  }
  request.size = head + 4 + length;
  if (input.size() < request.size) return std::nullopt;
  if (request.chunked) request.keep_alive = false;
  request.body = input.substr(head + 4, length);
  return request;
}

}  // namespace easel::bench
