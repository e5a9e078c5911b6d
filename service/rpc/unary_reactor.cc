#include "rpc/unary_reactor.h"

#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace easel::rpc {
namespace {

namespace asio = boost::asio;

asio::awaitable<absl::Status> Serve(Call& call, UnaryBody body, const grpc::ByteBuffer& request,
                                    grpc::ByteBuffer& response) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await body(call, request, response);
}

}  // namespace

UnaryReactor* UnaryReactor::Start(const Environment& environment, CallsInFlight& calls, std::string_view method,
                                  grpc::CallbackServerContext& context, asio::any_io_executor loop, UnaryBody body,
                                  const grpc::ByteBuffer& request, grpc::ByteBuffer& response) {
  auto* reactor = new UnaryReactor(environment, calls, method, context, loop);
  // Everything that touches the interruption's signal happens on the loop.
  asio::post(loop, [reactor, body, &request, &response] { reactor->Run(body, request, response); });
  return reactor;
}

void UnaryReactor::Run(UnaryBody body, const grpc::ByteBuffer& request, grpc::ByteBuffer& response) {
  // The coroutine may end, and take this with it, before co_spawn returns.
  const std::shared_ptr<Interruption> kept = interruption();
  asio::co_spawn(kept->loop(), Serve(*this, body, request, response),
                 asio::bind_cancellation_slot(kept->slot(), [this](std::exception_ptr thrown, absl::Status status) {
                   Finish(Conclude("unary", std::move(thrown), status));
                 }));
  kept->Begin();
}

}  // namespace easel::rpc
