#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include "tests/fakes/scripted_http_server.h"
#include "tests/unit/upstream/loop.h"

namespace easel::upstream {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using fakes::Answer;
using fakes::ScriptedHttpServer;
using Kind = HttpFailure::Kind;

struct Seen {
  int status = 0;
  std::size_t bytes = 0;
  std::size_t largest_piece = 0;
  std::optional<HttpFailure> failure;
};

awaitable<Seen> ReadAll(HttpClient& client, HttpRequest request, std::function<void(int)> before_read = {}) {
  Seen seen;
  auto opened = co_await client.Open(std::move(request));
  if (auto* failure = std::get_if<HttpFailure>(&opened)) {
    seen.failure = *failure;
    co_return seen;
  }
  const auto stream = std::get<std::unique_ptr<HttpStream>>(std::move(opened));
  seen.status = stream->head().status;
  for (int i = 0;; ++i) {
    if (before_read) before_read(i);
    auto piece = co_await stream->Read();
    if (auto* failure = std::get_if<HttpFailure>(&piece)) {
      seen.failure = *failure;
      co_return seen;
    }
    const std::size_t size = std::get<std::string>(piece).size();
    if (size == 0) co_return seen;
    seen.bytes += size;
    seen.largest_piece = std::max(seen.largest_piece, size);
  }
}

TEST(CurlStreamTest, BringsTheBodyInPieces) {
  ScriptedHttpServer server;
  server.Then(Answer::Ok(std::string(1'000'000, 'x'))).Then(Answer::Ok(std::string(777, 'x')).InChunksOf(10)).Then(Answer::Ok(""));
  Loop loop;
  for (const std::size_t size : {1'000'000U, 777U, 0U}) {
    const Seen seen = loop.Run(ReadAll(loop.client(), Get(server.Url())));
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.bytes, size);
    EXPECT_FALSE(seen.failure.has_value());
  }
  EXPECT_EQ(server.accepts(), 1);
}

// While the reader holds back, the loop goes on turning until the server either waits, too, or has got rid of everything.
awaitable<Seen> ReadSlowly(HttpClient& client, ScriptedHttpServer& server, HttpRequest request) {
  Seen seen;
  auto opened = co_await client.Open(std::move(request));
  const auto stream = std::get<std::unique_ptr<HttpStream>>(std::move(opened));
  for (;;) {
    if (seen.bytes % (1024 * 1024) < 300'000) {
      for (int stalled = 0; stalled < 500 && server.answered() == 0; ++stalled) {
        if (!server.stalled()) stalled = 0;
        co_await asio::post(asio::use_awaitable);
      }
    }
    auto piece = co_await stream->Read();
    const std::size_t size = std::get<std::string>(piece).size();
    if (size == 0) co_return seen;
    seen.bytes += size;
    seen.largest_piece = std::max(seen.largest_piece, size);
  }
}

TEST(CurlStreamTest, SlowReaderHoldsTheSenderBack) {
  constexpr std::size_t kSize = 24 * 1024 * 1024;
  ScriptedHttpServer server;
  server.Then(Answer::Ok(std::string(kSize, 'x')));
  Loop loop;
  const Seen seen = loop.Run(ReadSlowly(loop.client(), server, Get(server.Url())));
  EXPECT_EQ(seen.bytes, kSize);
  EXPECT_GE(seen.largest_piece, 48U * 1024);
  EXPECT_LE(seen.largest_piece, 80U * 1024);
}

TEST(CurlStreamTest, BodyThatBreaksOffEndsInAFailureAfterItsBytes) {
  ScriptedHttpServer server;
  server.Then(Answer::Ok(std::string(100'000, 'x')).CutAfter(60'000));
  Loop loop;
  const Seen seen = loop.Run(ReadAll(loop.client(), Get(server.Url())));
  EXPECT_EQ(seen.bytes, 60'000U);
  ASSERT_TRUE(seen.failure.has_value());
  EXPECT_EQ(seen.failure->kind, Kind::kCut);
  EXPECT_EQ(seen.failure->status, 200);
}

TEST(CurlStreamTest, DestroyingTheStreamClosesItsConnection) {
  ScriptedHttpServer server;
  server.Then(Answer::Ok(std::string(32 * 1024 * 1024, 'x')));
  Loop loop;
  const auto open_and_leave = [](HttpClient& client, HttpRequest request) -> awaitable<int> {
    auto opened = co_await client.Open(std::move(request));
    co_return std::get<std::unique_ptr<HttpStream>>(opened)->head().status;
  };
  EXPECT_EQ(loop.Run(open_and_leave(loop.client(), Get(server.Url()))), 200);
  loop.RunUntil([&] { return server.hangups() == 1; });
}

TEST(CurlStreamTest, CancellingAReadEndsTheStream) {
  ScriptedHttpServer server;
  server.Then(Answer::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n").WhenReleased());
  server.Then(Answer::Hang());
  Loop loop;
  asio::cancellation_signal cancel;
  std::optional<Seen> seen;
  loop.Spawn(ReadAll(loop.client(), Get(server.Url())), seen, cancel);
  loop.RunUntil([&] { return server.requests().size() == 1; });
  cancel.emit(asio::cancellation_type::terminal);
  loop.RunUntil([&] { return seen.has_value(); });
  EXPECT_EQ(seen->failure->kind, Kind::kCancelled);
}

TEST(CurlStreamTest, DeadlineEndsTheBodyToo) {
  ScriptedHttpServer server;
  server.Then(Answer::Ok(std::string(64 * 1024 * 1024, 'x')));
  Loop loop;
  HttpRequest request = Get(server.Url());
  request.timeouts.total = absl::Seconds(1);  // within which the head has to come
  const auto dawdle = [](HttpClient& client, ScriptedHttpServer& sender, HttpRequest asked) -> awaitable<HttpFailure> {
    auto opened = co_await client.Open(std::move(asked));
    const auto stream = std::get<std::unique_ptr<HttpStream>>(std::move(opened));
    while (sender.hangups() == 0) co_await asio::post(asio::use_awaitable);
    for (;;) {
      auto piece = co_await stream->Read();
      if (auto* failure = std::get_if<HttpFailure>(&piece)) co_return *failure;
      if (std::get<std::string>(piece).empty()) co_return HttpFailure{Kind::kInvalid, true, 0, "it came to its end"};
    }
  };
  EXPECT_EQ(loop.Run(dawdle(loop.client(), server, request)).kind, Kind::kTimeout);
}

}  // namespace
}  // namespace easel::upstream
