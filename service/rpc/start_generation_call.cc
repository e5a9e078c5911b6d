#include "rpc/start_generation_call.h"

#include "rpc/order.h"

namespace easel::rpc {

boost::asio::awaitable<absl::StatusOr<v1::StartGenerationResponse>> StartGeneration(
    Call& call, Received<v1::StartGenerationRequest> received) {
  const v1::StartGenerationRequest& request = received.message;
  RequestCheck check(call, std::move(received.violations));
  CheckOrder(request, check);
  if (!check.ok()) co_return check.status();
  if (absl::Status once = CheckAttempt(call, request.request_id()); !once.ok()) co_return once;

  const absl::StatusOr<generation::Watcher> watcher = co_await call.generations().Start(OrderFrom(request, check));
  if (!watcher.ok()) co_return watcher.status();
  const generation::Snapshot accepted = watcher->current();
  call.Announce(accepted->generation().name());
  v1::StartGenerationResponse response;
  *response.mutable_generation() = call.generations().Show(*accepted);
  co_return response;
}

}  // namespace easel::rpc
