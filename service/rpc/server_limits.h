#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace grpc {
class ServerBuilder;
}

namespace easel::rpc {

// What one peer may take of a server. Together they bound what a connection can hold: streams, each with one request and
// the little that a stream may have written ahead.
struct ServerLimits {
  // A larger request is RESOURCE_EXHAUSTED; a prompt has at most 64 KiB.
  int max_request_bytes = 256 * 1024;
  // Of all replies together that hold an image whole, until their callers have read them; more wait for room.
  std::int64_t max_reply_bytes = 256 * 1024 * 1024;
  // On one connection; further calls wait in the client.
  int max_concurrent_streams = 20'000;
  // After about this age a connection takes no new call, and after the grace its calls are cut.
  absl::Duration max_connection_age = absl::Minutes(30);
  absl::Duration max_connection_age_grace = absl::Minutes(45);
  absl::Duration max_connection_idle = absl::Minutes(15);
  // Finds a peer that went without a word while a call waits.
  absl::Duration keepalive_time = absl::Seconds(30);
  absl::Duration keepalive_timeout = absl::Seconds(20);
};

void SetLimits(const ServerLimits& limits, grpc::ServerBuilder& builder);

}  // namespace easel::rpc
