#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "easel/config/v1/setting.pb.h"

namespace easel::app {

struct ListenAddress {
  // Without brackets.
  std::string host;
  // 0: a free one.
  uint16_t port = 0;
};

// "host:port" or "[ipv6]:port". Nothing for anything else; the host is never empty.
std::optional<ListenAddress> ParseListenAddress(const std::string& text);

// RFC 3339 with a zone: "2027-01-31T00:00:00Z".
std::optional<absl::Time> ParseTime(const std::string& text);

// True only for what cannot be reached from another machine: 127.0.0.0/8, ::1 and "localhost".
bool IsLoopback(const std::string& host);

// Whether a text is a value of this kind (see config/v1/setting.proto). True for the kinds of numbers.
bool IsOfKind(config::v1::Kind kind, const std::string& text);

// What a value of this kind is, for an error that begins with "expected".
std::string DescribeKind(config::v1::Kind kind);

}  // namespace easel::app
