#include "rpc/generate_image_call.h"

#include "rpc/endings.h"
#include "rpc/follow.h"
#include "rpc/image_chunks.h"
#include "rpc/order.h"

namespace easel::rpc {

boost::asio::awaitable<absl::StatusOr<grpc::ByteBuffer>> GenerateImage(Call& call,
                                                                      Received<v1::GenerateImageRequest> received) {
  const v1::GenerateImageRequest& request = received.message;
  RequestCheck check(call, std::move(received.violations));
  CheckOrder(request, check);
  if (!check.ok()) co_return check.status();
  if (absl::Status once = CheckAttempt(call, request.request_id()); !once.ok()) co_return once;

  generation::Order order = OrderFrom(request, check);
  order.deadline = call.deadline();
  absl::StatusOr<generation::Watcher> watcher = co_await call.generations().Start(std::move(order));
  if (!watcher.ok()) co_return watcher.status();
  call.Announce(watcher->current()->generation().name());

  const generation::Snapshot end = co_await AwaitEnd(call, *watcher);
  if (!generation::HasEnded(*end)) {
    co_return LeaveEarly(call, *watcher, request.cancel_policy(), !request.request_id().empty());
  }
  if (absl::Status status = EndOf(*end); !status.ok()) co_return status;
  if (request.image_delivery() == v1::IMAGE_DELIVERY_INLINE) {
    absl::StatusOr<grpc::ByteBuffer> reply = co_await ReplyWithImage(call, end, check.caller().max_receive_bytes);
    if (reply.ok()) co_return reply;
    co_return AfterAcceptance(reply.status(), !request.request_id().empty());
  }
  v1::GenerateImageResponse response;
  *response.mutable_generation() = call.generations().Show(*end);
  co_return Encode(response);
}

}  // namespace easel::rpc
