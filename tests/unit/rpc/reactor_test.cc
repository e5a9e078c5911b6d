#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>

#include "rpc/stream_reactor.h"
#include "rpc/unary_reactor.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace easel::rpc {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

grpc::ByteBuffer Bytes(const std::string& text) {
  grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

// gRPC's side of a stream, moved by hand.
class HandMovedStream final : public grpc::ServerCallbackWriter<grpc::ByteBuffer> {
 public:
  void Bind(grpc::ServerWriteReactor<grpc::ByteBuffer>* reactor) {
    reactor_ = reactor;
    BindReactor(reactor);
  }

  std::vector<std::string> writes;
  std::vector<grpc::StatusCode> finishes;

 private:
  void Finish(grpc::Status status) override { finishes.push_back(status.error_code()); }
  void SendInitialMetadata() override {}
  void Write(const grpc::ByteBuffer* message, grpc::WriteOptions) override {
    grpc::Slice slice;
    EXPECT_TRUE(message->DumpToSingleSlice(&slice).ok());
    writes.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  void WriteAndFinish(const grpc::ByteBuffer*, grpc::WriteOptions, grpc::Status) override {}
  grpc::internal::ServerReactor* reactor() override { return reactor_; }
  void CallOnDone() override {}

  grpc::ServerWriteReactor<grpc::ByteBuffer>* reactor_ = nullptr;
};

// The same for a unary call.
class HandMovedCall final : public grpc::ServerCallbackUnary {
 public:
  void Bind(grpc::ServerUnaryReactor* reactor) {
    reactor_ = reactor;
    BindReactor(reactor);
  }

  std::vector<grpc::StatusCode> finishes;

 private:
  void Finish(grpc::Status status) override { finishes.push_back(status.error_code()); }
  void SendInitialMetadata() override {}
  grpc::internal::ServerReactor* reactor() override { return reactor_; }
  void CallOnDone() override {}

  grpc::ServerUnaryReactor* reactor_ = nullptr;
};

class ReactorTest : public RpcTest {
 protected:
  grpc::ServerWriteReactor<grpc::ByteBuffer>& StartStream(StreamBody body) {
    auto* reactor =
        StreamReactor::Start(environment_, calls_, "ReadImage", context_, loop_.get_executor(), body, request_);
    stream_.Bind(reactor);
    Run();
    return *reactor;
  }

  grpc::ServerUnaryReactor& StartUnary(UnaryBody body) {
    auto* reactor = UnaryReactor::Start(environment_, calls_, "GetGeneration", context_, loop_.get_executor(), body,
                                        request_, response_);
    call_.Bind(reactor);
    Run();
    return *reactor;
  }

  void Run() {
    loop_.restart();
    loop_.poll();
  }

  generation::Metrics metrics_;
  std::vector<std::string> faults_;
  Environment environment_{.generations = generations(),
                           .metrics = metrics_,
                           .on_fault = [this](std::string_view, const absl::Status& status) {
                             faults_.emplace_back(status.message());
                           }};
  CallsInFlight calls_;
  grpc::CallbackServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  HandMovedStream stream_;
  HandMovedCall call_;
  asio::io_context loop_;
};

asio::awaitable<absl::Status> WriteThree(Call&, const grpc::ByteBuffer&, ByteWriter& writer) {
  for (const char* text : {"one", "two", "three"}) {
    grpc::ByteBuffer bytes = Bytes(text);
    const bool written = co_await writer.Write(std::move(bytes));
    if (!written) co_return absl::CancelledError("the peer has gone");
  }
  co_return absl::OkStatus();
}

asio::awaitable<absl::Status> WriteSixAhead(Call&, const grpc::ByteBuffer&, ByteWriter& writer) {
  for (const char* text : {"1", "2", "3", "4", "5", "6"}) {
    grpc::ByteBuffer bytes = Bytes(text);
    const bool written = co_await writer.WriteAhead(std::move(bytes));
    if (!written) co_return absl::CancelledError("the peer has gone");
  }
  co_return absl::OkStatus();
}

asio::awaitable<absl::Status> WaitForever(Call&, const grpc::ByteBuffer&, grpc::ByteBuffer&) {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return absl::OkStatus();
}

asio::awaitable<absl::Status> Throw(Call&, const grpc::ByteBuffer&, grpc::ByteBuffer&) {
  throw std::runtime_error("a decoder's own exception");
  co_return absl::OkStatus();
}

TEST_F(ReactorTest, TheSecondWriteWaitsForTheFirst) {
  auto& reactor = StartStream(WriteThree);
  EXPECT_THAT(stream_.writes, ElementsAre("one"));
  Run();
  EXPECT_THAT(stream_.writes, ElementsAre("one"));
  reactor.OnWriteDone(true);
  Run();
  EXPECT_THAT(stream_.writes, ElementsAre("one", "two"));
  reactor.OnWriteDone(true);
  Run();
  EXPECT_THAT(stream_.finishes, IsEmpty());
  reactor.OnWriteDone(true);
  Run();
  EXPECT_THAT(stream_.writes, ElementsAre("one", "two", "three"));
  EXPECT_THAT(stream_.finishes, ElementsAre(grpc::StatusCode::OK));
  reactor.OnDone();
}

TEST_F(ReactorTest, AFailedWriteEndsTheStreamOnce) {
  auto& reactor = StartStream(WriteThree);
  reactor.OnWriteDone(false);
  Run();
  EXPECT_THAT(stream_.writes, ElementsAre("one"));
  EXPECT_THAT(stream_.finishes, SizeIs(1));
  reactor.OnDone();
}

TEST_F(ReactorTest, PiecesAheadGoOutInOrderAndTheEndWaitsForTheLast) {
  auto& reactor = StartStream(WriteSixAhead);
  std::vector<std::string> expected = {"1"};
  for (const char* next : {"2", "3", "4", "5", "6"}) {
    EXPECT_EQ(stream_.writes, expected);
    // What waits goes out without the coroutine.
    reactor.OnWriteDone(true);
    expected.push_back(next);
    EXPECT_EQ(stream_.writes, expected);
    Run();
  }
  EXPECT_THAT(stream_.finishes, IsEmpty());
  reactor.OnWriteDone(true);
  EXPECT_THAT(stream_.finishes, ElementsAre(grpc::StatusCode::OK));
  reactor.OnDone();
}

TEST_F(ReactorTest, PiecesAheadOfAPeerThatHasGoneAreDropped) {
  auto& reactor = StartStream(WriteSixAhead);
  reactor.OnWriteDone(true);
  Run();
  reactor.OnWriteDone(false);
  Run();
  EXPECT_THAT(stream_.writes, ElementsAre("1", "2"));
  EXPECT_THAT(stream_.finishes, SizeIs(1));
  reactor.OnDone();
}

TEST_F(ReactorTest, CancellingInterruptsAndFinishesOnce) {
  auto& reactor = StartUnary(WaitForever);
  EXPECT_THAT(call_.finishes, IsEmpty());
  EXPECT_EQ(calls_.count(), 1U);
  reactor.OnCancel();
  Run();
  EXPECT_THAT(call_.finishes, SizeIs(1));
  EXPECT_EQ(calls_.count(), 0U);
  reactor.OnDone();
}

TEST_F(ReactorTest, CancellingBeforeTheCoroutineRunsIsNotLost) {
  auto* reactor = UnaryReactor::Start(environment_, calls_, "GetGeneration", context_, loop_.get_executor(), WaitForever,
                                      request_, response_);
  call_.Bind(reactor);
  static_cast<grpc::ServerUnaryReactor*>(reactor)->OnCancel();
  Run();
  EXPECT_THAT(call_.finishes, SizeIs(1));
  static_cast<grpc::ServerUnaryReactor*>(reactor)->OnDone();
}

TEST_F(ReactorTest, CancellingAfterTheEndTouchesNothing) {
  auto& reactor = StartUnary(WaitForever);
  calls_.ShutDown();
  Run();
  ASSERT_THAT(call_.finishes, SizeIs(1));
  reactor.OnCancel();
  reactor.OnDone();  // deleted, and the interruption still on its way
  Run();
  EXPECT_THAT(call_.finishes, SizeIs(1));
}

TEST_F(ReactorTest, ACallThatComesDuringTheShutdownIsInterrupted) {
  calls_.ShutDown();
  auto& reactor = StartUnary(WaitForever);
  Run();
  EXPECT_THAT(call_.finishes, SizeIs(1));
  reactor.OnDone();
}

TEST_F(ReactorTest, WhatACallThrowsBecomesInternalAndIsLogged) {
  auto& reactor = StartUnary(Throw);
  EXPECT_THAT(call_.finishes, ElementsAre(grpc::StatusCode::INTERNAL));
  EXPECT_THAT(faults_, ElementsAre("exception: a decoder's own exception"));
  reactor.OnDone();
}

}  // namespace
}  // namespace easel::rpc
