#include "rpc/delete_generation_call.h"

#include "generation/generations.h"
#include "rpc/request_check.h"

namespace easel::rpc {

boost::asio::awaitable<absl::StatusOr<v1::DeleteGenerationResponse>> DeleteGeneration(
    Call& call, Received<v1::DeleteGenerationRequest> received) {
  RequestCheck check(call, std::move(received.violations));
  check.Name(received.message.name());
  if (!check.ok()) co_return check.status();

  absl::Status deleted = co_await call.generations().Delete(check.caller().name, received.message.name());
  if (!deleted.ok()) co_return deleted;
  co_return v1::DeleteGenerationResponse();
}

}  // namespace easel::rpc
