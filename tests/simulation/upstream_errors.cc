#include "tests/simulation/upstream_errors.h"

#include <utility>

namespace easel::simulation {

using generation::Taken;
using generation::UpstreamError;

namespace {

struct Kind {
  v1::ErrorReason reason;
  const char* code;
  int http_status;
};

UpstreamError Make(const Kind& kind, Taken taken) {
  UpstreamError error;
  error.reason = kind.reason;
  error.taken = taken;
  error.code = kind.code;
  error.http_status = kind.http_status;
  error.message = std::string("The upstream said ") + kind.code + ".";
  return error;
}

}  // namespace

UpstreamError Refused(v1::ErrorReason reason, std::string code, int http_status) {
  return Make({reason, code.c_str(), http_status}, Taken::kNo);
}

UpstreamError AnyRefusal(Dice& dice) {
  constexpr Kind kKinds[] = {{v1::ERROR_REASON_UPSTREAM_BUSY, "1302", 429},
                             {v1::ERROR_REASON_UPSTREAM_BUSY, "1303", 429},
                             {v1::ERROR_REASON_UPSTREAM_OVERLOADED, "1305", 429},
                             {v1::ERROR_REASON_UPSTREAM_OVERLOADED, "1312", 429},
                             {v1::ERROR_REASON_UPSTREAM_CREDENTIALS, "1002", 401},
                             {v1::ERROR_REASON_UPSTREAM_QUOTA, "1113", 429},
                             {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "1234", 500},
                             {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "1230", 503},
                             {v1::ERROR_REASON_UPSTREAM_REJECTED, "1210", 400},
                             {v1::ERROR_REASON_CONTENT_BLOCKED, "1301", 400}};
  UpstreamError error = Make(dice.Of(kKinds), Taken::kNo);
  if (dice.Chance(0.2)) error.retry_after = dice.Between(absl::Seconds(1), absl::Minutes(2));
  return error;
}

UpstreamError NoConnection(Dice& dice) {
  constexpr Kind kKinds[] = {{v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "dns", 0},
                             {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "connection", 0},
                             {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "tls", 0}};
  return Make(dice.Of(kKinds), Taken::kNo);
}

UpstreamError NoAnswer(Dice& dice) {
  constexpr Kind kKinds[] = {{v1::ERROR_REASON_OUTCOME_UNKNOWN, "timeout", 0},
                             {v1::ERROR_REASON_OUTCOME_UNKNOWN, "connection", 0}};
  return Make(dice.Of(kKinds), Taken::kUnknown);
}

UpstreamError BrokenGateway(Dice& dice) {
  constexpr Kind kKinds[] = {{v1::ERROR_REASON_OUTCOME_UNKNOWN, "http_502", 502},
                             {v1::ERROR_REASON_OUTCOME_UNKNOWN, "http_504", 504},
                             {v1::ERROR_REASON_OUTCOME_UNKNOWN, "http_500", 500}};
  return Make(dice.Of(kKinds), Taken::kUnknown);
}

UpstreamError Interrupted(Taken taken) {
  const bool left = taken != Taken::kNo;
  const Kind kind{left ? v1::ERROR_REASON_OUTCOME_UNKNOWN : v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "cancelled", 0};
  UpstreamError error = Make(kind, taken);
  error.cancelled = true;
  return error;
}

UpstreamError Duplicate() { return Make({v1::ERROR_REASON_OUTCOME_UNKNOWN, "1231", 400}, Taken::kYes); }

UpstreamError Defect() { return Make({v1::ERROR_REASON_UPSTREAM_DEFECT, "fail", 200}, Taken::kUnknown); }

UpstreamError PollFailure(Dice& dice) {
  constexpr Kind kKinds[] = {{v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "connection", 0},
                             {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "timeout", 0},
                             {v1::ERROR_REASON_UPSTREAM_BUSY, "1302", 429},
                             {v1::ERROR_REASON_UPSTREAM_CREDENTIALS, "1002", 401},
                             {v1::ERROR_REASON_OUTCOME_UNKNOWN, "http_502", 502}};
  return Make(dice.Of(kKinds), Taken::kNo);
}

UpstreamError UnknownTask() { return Make({v1::ERROR_REASON_UPSTREAM_TIMEOUT, "1220", 404}, Taken::kYes); }

UpstreamError BlockedTask() { return Make({v1::ERROR_REASON_CONTENT_BLOCKED, "1301", 200}, Taken::kUnknown); }

}  // namespace easel::simulation
