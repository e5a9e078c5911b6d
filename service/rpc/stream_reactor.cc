#include "rpc/stream_reactor.h"

#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace easel::rpc {
namespace {

namespace asio = boost::asio;

asio::awaitable<absl::Status> Serve(Call& call, StreamBody body, const grpc::ByteBuffer& request, ByteWriter& writer) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await body(call, request, writer);
}

}  // namespace

StreamReactor* StreamReactor::Start(const Environment& environment, CallsInFlight& calls, std::string_view method,
                                    grpc::CallbackServerContext& context, asio::any_io_executor loop, StreamBody body,
                                    const grpc::ByteBuffer& request) {
  auto* reactor = new StreamReactor(environment, calls, method, context, loop);
  // Everything that touches the interruption's signal happens on the loop.
  asio::post(loop, [reactor, body, &request] { reactor->Run(body, request); });
  return reactor;
}

void StreamReactor::Run(StreamBody body, const grpc::ByteBuffer& request) {
  // The coroutine may end, and take this with it, before co_spawn returns.
  const std::shared_ptr<Interruption> kept = interruption();
  asio::co_spawn(kept->loop(), Serve(*this, body, request, *this),
                 asio::bind_cancellation_slot(kept->slot(), [this](std::exception_ptr thrown, absl::Status status) {
                   Finish(Conclude("server_stream", std::move(thrown), status));
                 }));
  kept->Begin();
}

asio::awaitable<bool> StreamReactor::Write(grpc::ByteBuffer message) {
  if (peer_gone_) co_return false;
  outgoing_ = std::move(message);
  const bool ok = co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(bool)>(
      [this](auto handler) {
        write_done_.emplace(std::move(handler));
        StartWrite(&outgoing_);
      },
      asio::use_awaitable);
  peer_gone_ = !ok;
  co_return ok;
}

void StreamReactor::OnWriteDone(bool ok) {
  asio::post(interruption()->loop(), [done = *std::move(write_done_), ok]() mutable { std::move(done)(ok); });
}

}  // namespace easel::rpc
