#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace easel::http {

// A part of a body: `length` bytes from `first` on.
struct ByteRange {
  std::int64_t first = 0;
  std::int64_t length = 0;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// No byte of the body is in the range: 416.
struct Unsatisfiable {
  friend bool operator==(const Unsatisfiable&, const Unsatisfiable&) = default;
};

// What a Range header asks of a body of `size` bytes (RFC 9110, 14.2). Nothing for several ranges, another unit or what is
// no range at all: such a header is ignored and the whole body sent.
std::optional<std::variant<ByteRange, Unsatisfiable>> ParseRange(std::string_view header, std::int64_t size);

}  // namespace easel::http
