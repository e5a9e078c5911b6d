#pragma once

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "generation/generations.h"
#include "rpc/call.h"
#include "rpc/request_check.h"

namespace easel::rpc {

// Checks what the three requests for an image have in common; the domain checks the rest, unless something is wrong here.
template <class Request>
void CheckOrder(const Request& request, RequestCheck& check) {
  check.Policy(request.cancel_policy());
  if constexpr (requires { request.image_delivery(); }) check.Delivery(request.image_delivery());
  if (!check.ok()) check.SpecAndRequestId(request.spec(), request.request_id());
}

// Some gRPC libraries repeat by themselves a call that ended with UNAVAILABLE, as a service config tells them, and say so in
// metadata. With a request_id that is safe. Without, an attempt whose answer was lost may have been accepted, and one more
// would pay again: it is refused with OUTCOME_UNKNOWN, and no refusal of this call invites to a repetition.
absl::Status CheckAttempt(Call& call, std::string_view request_id);

// A checked request as the domain takes it, without a deadline.
template <class Request>
generation::Order OrderFrom(const Request& request, const RequestCheck& check) {
  return {.caller = check.caller().name,
          .spec = request.spec(),
          .request_id = request.request_id(),
          .cancel_policy = request.cancel_policy(),
          .allow_resubmission = request.allow_resubmission(),
          .allow_fallback = request.allow_fallback(),
          .deadline = std::nullopt,
          .traceparent = check.caller().traceparent};
}

}  // namespace easel::rpc
