#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"
#include "easel/v1/model.pb.h"

namespace easel::generation {

// What the service counts; the base class counts nothing. Thread-safe, cheap, never fails. Labels are closed sets:
// `model` is a name of the catalog, `upstream` a configured base URL, `key` a fingerprint, `code` a code of the upstream's
// table or an "http_..." class, `operation` one of "submit", "poll", "fetch", `klass` one of "ok", "rejected", "blocked",
// "credentials", "quota", "busy", "overloaded", "unavailable", "ambiguous", "defect", "cancelled".
class Metrics {
 public:
  virtual ~Metrics() = default;

  // A generation changed state; `from` is UNSPECIFIED when it was accepted or picked up.
  virtual void StateChanged(v1::GenerationState /*from*/, v1::GenerationState /*to*/) {}

  struct Ended {
    std::string_view model;
    v1::Quality quality = v1::QUALITY_UNSPECIFIED;
    v1::GenerationState state = v1::GENERATION_STATE_UNSPECIFIED;  // SUCCEEDED, FAILED or CANCELLED
    absl::Duration duration;  // from acceptance to the end
    // `duration` minus queue, upstream requests, waits between polls, and fetch; unknown after a restart.
    std::optional<absl::Duration> overhead;
    // With attempts and their charges; its image tells whether the bytes are kept.
    const v1::Generation* generation = nullptr;
    std::string_view caller;
  };
  virtual void GenerationEnded(const Ended& /*ended*/) {}

  virtual void QueueWaited(std::string_view /*model*/, absl::Duration /*wait*/) {}
  virtual void QueueDepth(std::string_view /*model*/, int /*depth*/) {}
  virtual void ConcurrencyLimit(std::string_view /*upstream*/, std::string_view /*key*/, std::string_view /*model*/,
                                int /*limit*/) {}
  virtual void KeyUp(std::string_view /*upstream*/, std::string_view /*key*/, bool /*up*/) {}
  virtual void BreakerOpen(std::string_view /*upstream*/, bool /*open*/) {}

  virtual void UpstreamRequest(std::string_view /*upstream*/, std::string_view /*operation*/, std::string_view /*klass*/,
                               absl::Duration /*duration*/) {}
  virtual void UpstreamError(std::string_view /*upstream*/, std::string_view /*code*/) {}

  // `limit` is "in_flight", "starts" or "daily_budget", `mode` is "enforced" or "shadow"; 0 times: the limit exists.
  virtual void CallerLimitExceeded(std::string_view /*caller*/, std::string_view /*limit*/, std::string_view /*mode*/,
                                   int /*times*/) {}

  // `type` is "unary" or "server_stream"; `code` as "OK", "NotFound".
  virtual void RpcHandled(std::string_view /*type*/, std::string_view /*method*/, std::string_view /*code*/,
                          absl::Duration /*duration*/) {}
};

}  // namespace easel::generation
