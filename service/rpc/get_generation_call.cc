#include "rpc/get_generation_call.h"

#include "generation/generations.h"
#include "rpc/request_check.h"

namespace easel::rpc {

boost::asio::awaitable<absl::StatusOr<v1::GetGenerationResponse>> GetGeneration(
    Call& call, Received<v1::GetGenerationRequest> received) {
  RequestCheck check(call, std::move(received.violations));
  check.Name(received.message.name());
  if (!check.ok()) co_return check.status();

  const auto found = co_await call.generations().Get(check.caller().name, received.message.name());
  if (!found.ok()) co_return found.status();
  v1::GetGenerationResponse response;
  *response.mutable_generation() = call.generations().Show(**found);
  co_return response;
}

}  // namespace easel::rpc
