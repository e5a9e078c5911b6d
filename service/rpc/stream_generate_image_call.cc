#include "rpc/stream_generate_image_call.h"

#include "rpc/endings.h"
#include "rpc/follow.h"
#include "rpc/image_chunks.h"
#include "rpc/order.h"

namespace easel::rpc {

boost::asio::awaitable<absl::Status> StreamGenerateImage(Call& call, Received<v1::StreamGenerateImageRequest> received,
                                                         Writer<v1::StreamGenerateImageResponse> writer) {
  const v1::StreamGenerateImageRequest& request = received.message;
  RequestCheck check(call, std::move(received.violations));
  CheckOrder(request, check);
  if (!check.ok()) co_return check.status();
  if (absl::Status once = CheckAttempt(call, request.request_id()); !once.ok()) co_return once;

  generation::Order order = OrderFrom(request, check);
  order.deadline = call.deadline();
  absl::StatusOr<generation::Watcher> watcher = co_await call.generations().Start(std::move(order));
  if (!watcher.ok()) co_return watcher.status();
  call.Announce(watcher->current()->generation().name());

  const generation::Snapshot end = co_await Follow(call, *watcher, 0, writer);
  if (!generation::HasEnded(*end)) {
    co_return LeaveEarly(call, *watcher, request.cancel_policy(), !request.request_id().empty());
  }
  if (absl::Status status = EndOf(*end); !status.ok()) co_return status;
  if (request.image_delivery() != v1::IMAGE_DELIVERY_INLINE) co_return absl::OkStatus();
  const bool repeatable = !request.request_id().empty();
  const auto reader = co_await call.generations().OpenImage(end);
  if (!reader.ok()) co_return AfterAcceptance(reader.status(), repeatable);
  const absl::Status written = co_await WriteImage(**reader, *end, 0, writer);
  co_return AfterAcceptance(written, repeatable);
}

}  // namespace easel::rpc
