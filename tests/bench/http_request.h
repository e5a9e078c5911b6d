#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace easel::bench {

// Views into the bytes that were read.
struct HttpRequest {
  std::string_view method;
  std::string_view target;
  std::string_view body;
  // The connection stays open after the answer.
  bool keep_alive = true;
  // The body comes in chunks, and is not read.
  bool chunked = false;
  // All that the request takes of the input.
  std::size_t size = 0;
};

// The first request in `input`, if it is there whole. Bodies have a Content-Length; nothing else is looked at.
std::optional<HttpRequest> FirstRequest(std::string_view input);

}  // namespace easel::bench
