#include "rpc/order.h"

#include "generation/error.h"

namespace easel::rpc {

absl::Status CheckAttempt(Call& call, std::string_view request_id) {
  if (!request_id.empty()) return absl::OkStatus();
  call.ForbidRepetition();
  if (!call.Metadata("grpc-previous-rpc-attempts")) return absl::OkStatus();
  return generation::ToStatus(
      {.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN,
       .message = "The gRPC library has sent this call again by itself. The attempt before may have been accepted, and as there "
                  "is no request_id, this one would pay again: it was not. Look for the generation with ListGenerations, and "
                  "give every request a request_id.",
       .metadata = {{"charge_state", "UNKNOWN"}}});
}

}  // namespace easel::rpc
