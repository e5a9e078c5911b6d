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
                   End(Conclude("server_stream", std::move(thrown), status));
                 }));
  kept->Begin();
}

asio::awaitable<bool> StreamReactor::Send(grpc::ByteBuffer message, std::size_t most, std::size_t room) {
  grpc::ByteBuffer* first = nullptr;
  bool waits = false;
  {
    absl::MutexLock lock(&mutex_);
    if (peer_gone_) co_return false;
    outgoing_.push_back(std::move(message));
    if (outgoing_.size() == 1) first = &outgoing_.front();
    waits = outgoing_.size() > most;
  }
  if (first != nullptr) StartWrite(first);
  if (!waits) co_return true;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(bool)>(
      [this, room](auto handler) { Await(std::move(handler), room); }, asio::use_awaitable);
}

void StreamReactor::Await(Writable writable, std::size_t room) {
  absl::MutexLock lock(&mutex_);
  if (!peer_gone_ && outgoing_.size() > room) {
    room_ = room;
    writable_.emplace(std::move(writable));
  } else {
    asio::post(interruption()->loop(),
               [writable = std::move(writable), ok = !peer_gone_]() mutable { std::move(writable)(ok); });
  }
}

void StreamReactor::OnWriteDone(bool ok) {
  // Once the next write or the end is on its way, another thread may end this.
  const asio::any_io_executor loop = interruption()->loop();
  std::optional<Writable> writable;
  std::optional<grpc::Status> end;
  grpc::ByteBuffer* next = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    outgoing_.pop_front();
    if (!ok) outgoing_.clear();
    peer_gone_ = !ok;
    if (writable_ && outgoing_.size() <= room_) {
      writable.emplace(*std::move(writable_));
      writable_.reset();
    }
    if (!outgoing_.empty()) next = &outgoing_.front();
    if (outgoing_.empty()) end.swap(end_);
  }
  if (next != nullptr) StartWrite(next);
  if (end) Finish(*std::move(end));
  if (writable) asio::post(loop, [writable = *std::move(writable), ok]() mutable { std::move(writable)(ok); });
}

void StreamReactor::End(grpc::Status status) {
  {
    absl::MutexLock lock(&mutex_);
    if (!outgoing_.empty()) {
      end_ = std::move(status);
      return;
    }
  }
  Finish(std::move(status));
}

}  // namespace easel::rpc
