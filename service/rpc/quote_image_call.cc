#include "rpc/quote_image_call.h"

#include "generation/generations.h"
#include "rpc/request_check.h"

namespace easel::rpc {

boost::asio::awaitable<absl::StatusOr<v1::QuoteImageResponse>> QuoteImage(
    Call& call, Received<v1::QuoteImageRequest> received) {
  RequestCheck check(call, std::move(received.violations));
  if (!check.ok()) {
    check.SpecAndRequestId(received.message.spec(), "");
    co_return check.status();
  }
  co_return call.generations().Quote(received.message.spec());
}

}  // namespace easel::rpc
