#include <random>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include "tests/fakes/scripted_http_server.h"
#include "tests/unit/upstream/loop.h"

namespace easel::upstream {
namespace {

namespace asio = boost::asio;
using fakes::Answer;
using fakes::ScriptedHttpServer;
using Kind = HttpFailure::Kind;
using Result = std::optional<HttpResult<HttpReply>>;

constexpr std::size_t kCap = 1024 * 1024;

const HttpFailure& FailureOf(const Result& result) { return std::get<HttpFailure>(*result); }

TEST(CurlCancelTest, CancelledBeforeItBeginsSendsNothing) {
  ScriptedHttpServer server;
  Loop loop;
  asio::cancellation_signal cancel;
  Result result;
  // The coroutine learns of the cancellation while it runs, before it asks for the request.
  const auto operation = [](Loop& on, asio::cancellation_signal& signal, std::string url) -> asio::awaitable<HttpResult<HttpReply>> {
    co_await asio::this_coro::throw_if_cancelled(false);
    signal.emit(asio::cancellation_type::terminal);
    auto answer = co_await on.client().Send(Post(url, "{}"), kCap);
    co_return answer;
  };
  loop.Spawn(operation(loop, cancel, server.Url()), result, cancel);
  loop.RunUntil([&] { return result.has_value(); });
  EXPECT_EQ(FailureOf(result).kind, Kind::kCancelled);
  EXPECT_FALSE(FailureOf(result).sent);
  EXPECT_EQ(server.accepts(), 0);
}

TEST(CurlCancelTest, CancelledDuringTheTransferClosesTheConnection) {
  ScriptedHttpServer server;
  server.Then(Answer::Hang());
  Loop loop;
  asio::cancellation_signal cancel;
  Result result;
  loop.Spawn(loop.client().Send(Post(server.Url(), "{}"), kCap), result, cancel);
  loop.RunUntil([&] { return server.requests().size() == 1; });
  EXPECT_FALSE(result.has_value());
  cancel.emit(asio::cancellation_type::terminal);
  loop.RunUntil([&] { return result.has_value() && server.hangups() == 1; });
  EXPECT_EQ(FailureOf(result).kind, Kind::kCancelled);
  EXPECT_TRUE(FailureOf(result).sent);
}

TEST(CurlCancelTest, CancelledAfterTheEndChangesNothing) {
  ScriptedHttpServer server;
  server.Otherwise(Answer::Ok("done"));
  Loop loop;
  asio::cancellation_signal cancel;
  Result result;
  loop.Spawn(loop.client().Send(Get(server.Url()), kCap), result, cancel);
  loop.RunUntil([&] { return result.has_value(); });
  cancel.emit(asio::cancellation_type::terminal);
  loop.io().restart();
  loop.io().run();
  EXPECT_EQ(std::get<HttpReply>(*result).body, "done");
}

TEST(CurlCancelTest, LeavesTheCallersChoiceAboutExceptionsAlone) {
  ScriptedHttpServer server;
  server.Otherwise(Answer::Ok("{}"));
  Loop loop;
  const auto operation = [](Loop& on, std::string url) -> asio::awaitable<bool> {
    auto answer = co_await on.client().Send(Get(url), kCap);
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_return throws && std::holds_alternative<HttpReply>(answer);
  };
  EXPECT_TRUE(loop.Run(operation(loop, server.Url())));
}

TEST(CurlCancelTest, StopCompletesEveryPendingTransfer) {
  ScriptedHttpServer server;
  server.Otherwise(Answer::Hang());
  Loop loop;
  CurlClient client(loop.io());
  std::vector<Result> results(20);
  for (Result& result : results) loop.Spawn(client.Send(Post(server.Url(), "{}"), kCap), result);
  loop.RunUntil([&] { return server.requests().size() == results.size(); });
  client.Stop();
  loop.io().restart();
  loop.io().run();
  for (const Result& result : results) {
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(FailureOf(result).kind, Kind::kCancelled);
    EXPECT_TRUE(FailureOf(result).sent);
  }
  const auto late = loop.Run(client.Send(Post(server.Url(), "{}"), kCap));
  EXPECT_EQ(std::get<HttpFailure>(late).kind, Kind::kCancelled);
  EXPECT_FALSE(std::get<HttpFailure>(late).sent);
}

TEST(CurlCancelTest, CoroutinesMayOutliveTheClientAndDieWithTheLoop) {
  ScriptedHttpServer server;
  server.Otherwise(Answer::Hang());
  Result result;
  {
    Loop loop;
    loop.Spawn(loop.client().Send(Post(server.Url(), "{}"), kCap), result);
    loop.RunUntil([&] { return server.requests().size() == 1; });
  }
  EXPECT_FALSE(result.has_value());
}

asio::awaitable<int> TurnsThenCancel(int turns, asio::cancellation_signal& cancel) {
  for (int i = 0; i < turns; ++i) co_await asio::post(asio::use_awaitable);
  cancel.emit(asio::cancellation_type::terminal);
  co_return turns;
}

class CancelRace : public ::testing::TestWithParam<unsigned> {};

// Many transfers, each cancelled at some turn of the loop: before it connects, while it waits, while its body comes, after
// its end. Each completes once, and nothing is touched afterwards (AddressSanitizer watches).
TEST_P(CancelRace, EveryTransferCompletesOnce) {
  constexpr std::size_t kTransfers = 60;
  std::mt19937 random(GetParam());
  ScriptedHttpServer server;
  for (std::size_t i = 0; i < kTransfers; ++i) {
    switch (random() % 5) {
      case 0:
        server.Then(Answer::Hang());
        break;
      case 1:
        server.Then(Answer::Drop());
        break;
      case 2:
        server.Then(Answer::Ok(std::string(300'000, 'x')).CutAfter(random() % 300'000));
        break;
      default:
        server.Then(Answer::Ok(std::string(random() % 400'000, 'x')).InChunksOf(16 * 1024));
    }
  }
  Loop loop;
  std::vector<Result> results(kTransfers);
  std::vector<asio::cancellation_signal> cancels(kTransfers);
  std::vector<std::optional<int>> cancelled(kTransfers);
  for (std::size_t i = 0; i < kTransfers; ++i) {
    loop.Spawn(loop.client().Send(Post(server.Url(), "{}"), kCap), results[i], cancels[i]);
    loop.Spawn(TurnsThenCancel(static_cast<int>(random() % 300), cancels[i]), cancelled[i]);
  }
  loop.RunUntil([&] {
    return std::all_of(results.begin(), results.end(), [](const Result& r) { return r.has_value(); }) &&
           std::all_of(cancelled.begin(), cancelled.end(), [](const auto& c) { return c.has_value(); });
  });
  for (const Result& result : results) {
    const auto* failure = std::get_if<HttpFailure>(&*result);
    EXPECT_TRUE(failure == nullptr || failure->kind == Kind::kCancelled || failure->kind == Kind::kCut ||
                failure->kind == Kind::kConnect)
        << failure->message;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CancelRace, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace easel::upstream
