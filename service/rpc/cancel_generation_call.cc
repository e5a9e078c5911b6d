#include "rpc/cancel_generation_call.h"

#include "generation/generations.h"
#include "rpc/request_check.h"

namespace easel::rpc {

boost::asio::awaitable<absl::StatusOr<v1::CancelGenerationResponse>> CancelGeneration(
    Call& call, Received<v1::CancelGenerationRequest> received) {
  const v1::CancelGenerationRequest& request = received.message;
  RequestCheck check(call, std::move(received.violations));
  check.Name(request.name());
  check.Policy(request.cancel_policy());
  if (!check.ok()) co_return check.status();

  const auto cancelled =
      co_await call.generations().Cancel(check.caller().name, request.name(), request.cancel_policy());
  if (!cancelled.ok()) co_return cancelled.status();
  v1::CancelGenerationResponse response;
  *response.mutable_generation() = call.generations().Show(**cancelled);
  co_return response;
}

}  // namespace easel::rpc
