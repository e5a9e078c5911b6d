#include "rpc/watch_generation_call.h"

#include "rpc/endings.h"
#include "rpc/follow.h"
#include "rpc/request_check.h"

namespace easel::rpc {

boost::asio::awaitable<absl::Status> WatchGeneration(Call& call, Received<v1::WatchGenerationRequest> received,
                                                     Writer<v1::WatchGenerationResponse> writer) {
  const v1::WatchGenerationRequest& request = received.message;
  RequestCheck check(call, std::move(received.violations));
  check.Name(request.name());
  check.NotNegative("revision", request.revision());
  if (!check.ok()) co_return check.status();

  absl::StatusOr<generation::Watcher> watcher =
      co_await call.generations().Watch(check.caller().name, request.name());
  if (!watcher.ok()) co_return watcher.status();
  const generation::Snapshot end = co_await Follow(call, *watcher, request.revision(), writer);
  if (generation::HasEnded(*end)) co_return absl::OkStatus();
  co_return LeaveEarly(call, *watcher, v1::CANCEL_POLICY_FINISH_AND_KEEP, /*repeatable=*/true);
}

}  // namespace easel::rpc
