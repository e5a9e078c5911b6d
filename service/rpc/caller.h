#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "generation/error.h"

namespace easel::rpc {

class Call;

// Who calls, by credentials or else by metadata, and what its client can take.
struct Caller {
  static constexpr std::int64_t kDefaultMaxReceiveBytes = 4 * 1024 * 1024;

  std::string name = "default";
  std::int64_t max_receive_bytes = kDefaultMaxReceiveBytes;
  // W3C traceparent; empty where none came, or none that is well-formed.
  std::string traceparent;
};

// Reads easel-caller (which counts for nothing where callers have credentials), easel-max-receive-bytes and traceparent;
// adds what is wrong to `violations`. The call is no stranger's.
Caller ReadCaller(const Call& call, std::vector<generation::Violation>& violations);

// [a-z0-9._-]{1,64}
bool IsCallerName(std::string_view name);

// "00-" trace id "-" parent id "-" flags, in lower-case hexadecimal; ids of zeros alone are not.
bool IsTraceparent(std::string_view text);

}  // namespace easel::rpc
