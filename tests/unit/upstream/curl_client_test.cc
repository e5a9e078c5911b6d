#include "upstream/http/curl_client.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/scripted_http_server.h"
#include "tests/unit/upstream/loop.h"

namespace easel::upstream {
namespace {

using fakes::Answer;
using fakes::ScriptedHttpServer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Kind = HttpFailure::Kind;

constexpr std::size_t kCap = 1024 * 1024;

class CurlClientTest : public ::testing::Test {
 protected:
  HttpResult<HttpReply> Send(HttpRequest request, std::size_t cap = kCap) {
    return loop_.Run(loop_.client().Send(std::move(request), cap));
  }

  HttpReply Answered(HttpRequest request) {
    auto result = Send(std::move(request));
    if (const auto* failure = std::get_if<HttpFailure>(&result)) {
      ADD_FAILURE() << "no answer: " << failure->message;
      return {};
    }
    return std::get<HttpReply>(std::move(result));
  }

  HttpFailure Failed(HttpRequest request, std::size_t cap = kCap) {
    auto result = Send(std::move(request), cap);
    if (std::holds_alternative<HttpReply>(result)) {
      ADD_FAILURE() << "answered, with " << std::get<HttpReply>(result).body;
      return {};
    }
    return std::get<HttpFailure>(std::move(result));
  }

  ScriptedHttpServer server_;
  Loop loop_;
};

TEST_F(CurlClientTest, BringsStatusHeadersAndBody) {
  server_.Then(Answer::Status(418, "short and stout").With("X-Pot", " tea "));
  const HttpReply reply = Answered(Get(server_.Url()));
  EXPECT_EQ(reply.head.status, 418);
  EXPECT_EQ(reply.head.Find("x-pOT"), "tea");
  EXPECT_EQ(reply.head.Find("X-Cup"), std::nullopt);
  EXPECT_EQ(reply.body, "short and stout");
}

TEST_F(CurlClientTest, SendsHeadersAndBodyAsGiven) {
  server_.Then(Answer::Ok("{}"));
  HttpRequest request = Post(server_.Url("/v4/x"), std::string("{\"a\":\0}", 7));
  request.headers.push_back({"Authorization", "Bearer key"});
  Answered(request);
  const auto seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v4/x");
  EXPECT_EQ(seen.body, request.body);
  EXPECT_EQ(seen.Header("Authorization"), "Bearer key");
  EXPECT_EQ(seen.Header("Content-Length"), "7");
  EXPECT_THAT(seen.Header("User-Agent"), StartsWith("easel/"));
  EXPECT_FALSE(seen.Has("Expect"));
  EXPECT_FALSE(seen.Has("Accept-Encoding"));
  EXPECT_FALSE(seen.Has("Transfer-Encoding"));
}

TEST_F(CurlClientTest, SendsALargeBodyWholeAndWithoutAskingFirst) {
  server_.Then(Answer::Ok("{}"));
  const std::string body(3 * 1024 * 1024, 'b');
  Answered(Post(server_.Url(), body));
  EXPECT_TRUE(server_.requests().at(0).body == body);
  EXPECT_FALSE(server_.requests().at(0).Has("Expect"));
}

TEST_F(CurlClientTest, KeepsPathAndQueryByteForByte) {
  server_.Otherwise(Answer::Ok("{}"));
  const std::string target = "/a/../b/./%2fX%2F?Signature=a%2Bb+c%3d%3D&x=/y/../z&&=?%41";
  Answered(Get(server_.Url(target)));
  EXPECT_EQ(server_.requests().at(0).target, target);
}

TEST_F(CurlClientTest, ReusesConnection) {
  server_.Otherwise(Answer::Ok("{}"));
  for (int i = 0; i < 5; ++i) Answered(Get(server_.Url()));
  for (int i = 0; i < 5; ++i) Answered(Post(server_.Url(), "{}"));
  EXPECT_EQ(server_.requests().size(), 10U);
  EXPECT_EQ(server_.accepts(), 1);
}

TEST_F(CurlClientTest, NeverSendsAPostAgainWhenAWarmConnectionIsDroppedAfterReading) {
  server_.Then(Answer::Ok("{}")).Then(Answer::Drop()).Otherwise(Answer::Ok("a second time"));
  Answered(Get(server_.Url()));
  const HttpFailure failure = Failed(Post(server_.Url("/paid"), "{\"prompt\":\"x\"}"));
  EXPECT_EQ(failure.kind, Kind::kCut);
  EXPECT_TRUE(failure.sent);
  EXPECT_EQ(failure.status, 0);
  Answered(Get(server_.Url("/after")));
  const auto seen = server_.requests();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[1].connection, 1);
  EXPECT_EQ(seen[1].target, "/paid");
  EXPECT_EQ(seen[2].target, "/after");
}

TEST_F(CurlClientTest, NeverSendsAPostAgainWhenAColdConnectionIsDroppedAfterReading) {
  server_.Then(Answer::Drop()).Otherwise(Answer::Ok("a second time"));
  const HttpFailure failure = Failed(Post(server_.Url(), "{}"));
  EXPECT_EQ(failure.kind, Kind::kCut);
  EXPECT_TRUE(failure.sent);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(CurlClientTest, RefusedConnectionIsNotSent) {
  const HttpFailure failure = Failed(Post("http://127.0.0.1:" + std::to_string(fakes::UnusedPort()) + "/secret?q", "{}"));
  EXPECT_EQ(failure.kind, Kind::kConnect);
  EXPECT_FALSE(failure.sent);
  EXPECT_THAT(failure.message, Not(HasSubstr("secret")));
}

TEST_F(CurlClientTest, UnknownNameIsNotSent) {
  // A label of more than 63 bytes is refused by every resolver at once, without asking the network.
  const HttpFailure failure = Failed(Post("http://" + std::string(70, 'a') + ".invalid/", "{}"));
  EXPECT_EQ(failure.kind, Kind::kDns);
  EXPECT_FALSE(failure.sent);
}

TEST_F(CurlClientTest, NeverSendsAPostWithoutBodyAgainEither) {
  server_.Then(Answer::Ok("{}")).Then(Answer::Drop()).Otherwise(Answer::Ok("a second time"));
  Answered(Get(server_.Url()));
  const HttpFailure failure = Failed(Post(server_.Url(), ""));
  EXPECT_EQ(failure.kind, Kind::kCut);
  EXPECT_TRUE(failure.sent);
  EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(CurlClientTest, BrokenHandshakeIsNotSent) {
  server_.Greet("this is no TLS server\r\n\r\n");
  const HttpFailure failure = Failed(Post("https://127.0.0.1:" + std::to_string(server_.port()) + "/", "{}"));
  EXPECT_EQ(failure.kind, Kind::kTls);
  EXPECT_FALSE(failure.sent);
  EXPECT_EQ(server_.requests().size(), 0U);
}

TEST_F(CurlClientTest, HandshakeWithoutAnswerIsNotSent) {
  server_.Otherwise(Answer::Ok("{}"));
  HttpRequest request = Post("https://127.0.0.1:" + std::to_string(server_.port()) + "/", "{}");
  request.timeouts.connect = absl::Milliseconds(100);
  const HttpFailure failure = Failed(request);
  EXPECT_EQ(failure.kind, Kind::kTimeout);
  EXPECT_FALSE(failure.sent);
  EXPECT_EQ(server_.requests().size(), 0U);
}

TEST_F(CurlClientTest, TimeoutAfterSendingIsAmbiguous) {
  server_.Then(Answer::Hang());
  HttpRequest request = Post(server_.Url(), "{}");
  request.timeouts.total = absl::Seconds(1);  // within which it has to be sent
  const HttpFailure failure = Failed(request);
  EXPECT_EQ(failure.kind, Kind::kTimeout);
  EXPECT_TRUE(failure.sent);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(CurlClientTest, DeadlineThatHasPassedSendsNothing) {
  for (const absl::Duration total : {absl::ZeroDuration(), absl::Seconds(-1), -absl::InfiniteDuration()}) {
    HttpRequest request = Post(server_.Url(), "{}");
    request.timeouts.total = total;
    const HttpFailure failure = Failed(request);
    EXPECT_EQ(failure.kind, Kind::kTimeout);
    EXPECT_FALSE(failure.sent);
  }
  EXPECT_EQ(server_.accepts(), 0);
}

TEST_F(CurlClientTest, BodyOverCapIsRejected) {
  server_.Then(Answer::Ok(std::string(1001, 'x'))).Then(Answer::Ok(std::string(1001, 'x')).InChunksOf(100));
  server_.Then(Answer::Ok(std::string(1000, 'x')));
  for (int i = 0; i < 2; ++i) {
    const HttpFailure failure = Failed(Get(server_.Url()), 1000);
    EXPECT_EQ(failure.kind, Kind::kTooLarge);
    EXPECT_EQ(failure.status, 200);
    EXPECT_TRUE(failure.sent);
  }
  EXPECT_TRUE(std::holds_alternative<HttpReply>(Send(Get(server_.Url()), 1000)));
}

TEST_F(CurlClientTest, HeadWithoutEndIsRejected) {
  server_.Then(Answer::Ok("{}").With("X-Long", std::string(80 * 1024, 'h')));
  EXPECT_EQ(Failed(Get(server_.Url())).kind, Kind::kTooLarge);
}

TEST_F(CurlClientTest, BodyThatBreaksOffIsAFailureThatKnowsTheStatus) {
  server_.Then(Answer::Status(503, "half of this").CutAfter(4));
  const HttpFailure failure = Failed(Get(server_.Url()));
  EXPECT_EQ(failure.kind, Kind::kCut);
  EXPECT_EQ(failure.status, 503);
}

TEST_F(CurlClientTest, InterimAnswersAreNotTheAnswer) {
  server_.Then(Answer::Raw("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 202 Ok\r\nA: b\r\nContent-Length: 2\r\n\r\n{}"));
  const HttpReply reply = Answered(Get(server_.Url()));
  EXPECT_EQ(reply.head.status, 202);
  EXPECT_EQ(reply.head.Find("Link"), std::nullopt);
  EXPECT_EQ(reply.head.Find("A"), "b");
}

TEST_F(CurlClientTest, DoesNotFollowRedirects) {
  server_.Then(Answer::Status(302, "").With("Location", server_.Url("/elsewhere")));
  EXPECT_EQ(Answered(Get(server_.Url())).head.status, 302);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(CurlClientTest, RefusesWhatIsNotHttp) {
  for (const char* url : {"ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://127.0.0.1/", "not a url", ""}) {
    const HttpFailure failure = Failed(Get(url));
    EXPECT_EQ(failure.kind, Kind::kInvalid) << url;
    EXPECT_FALSE(failure.sent);
  }
}

TEST_F(CurlClientTest, IgnoresTheEnvironmentsProxies) {
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(fakes::UnusedPort());
  setenv("http_proxy", nowhere.c_str(), 1);
  setenv("all_proxy", nowhere.c_str(), 1);
  server_.Then(Answer::Ok("{}"));
  EXPECT_EQ(Answered(Get(server_.Url())).head.status, 200);
  unsetenv("http_proxy");
  unsetenv("all_proxy");
}

TEST_F(CurlClientTest, UsesAConfiguredProxy) {
  server_.Then(Answer::Ok("by proxy"));
  CurlOptions options;
  options.proxy = server_.Url("");
  Loop loop(options);
  HttpRequest request = Get("http://images.example/a.png");
  request.address_allowed = [](const boost::asio::ip::address&) { return false; };
  const auto result = loop.Run(loop.client().Send(request, kCap));
  ASSERT_TRUE(std::holds_alternative<HttpReply>(result));
  EXPECT_EQ(server_.requests().at(0).target, "http://images.example/a.png");
}

TEST_F(CurlClientTest, RefusesAddressesBeforeConnecting) {
  HttpRequest request = Get(server_.Url());
  request.address_allowed = [](const boost::asio::ip::address& address) { return !address.is_loopback(); };
  const HttpFailure failure = Failed(request);
  EXPECT_EQ(failure.kind, Kind::kAddressRefused);
  EXPECT_FALSE(failure.sent);
  EXPECT_EQ(server_.accepts(), 0);
}

TEST_F(CurlClientTest, RefusesAddressesOfReusedConnectionsToo) {
  server_.Otherwise(Answer::Ok("{}"));
  Answered(Get(server_.Url()));
  HttpRequest request = Get(server_.Url());
  request.address_allowed = [](const boost::asio::ip::address& address) { return !address.is_loopback(); };
  const HttpFailure failure = Failed(request);
  EXPECT_EQ(failure.kind, Kind::kAddressRefused);
  EXPECT_FALSE(failure.sent);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(CurlClientTest, ServesManyTransfersAtOnce) {
  for (int i = 0; i < 200; ++i) server_.Then(Answer::Ok(std::string(20'000, 'm')).WhenReleased());
  std::vector<std::optional<HttpResult<HttpReply>>> results(200);
  for (auto& result : results) loop_.Spawn(loop_.client().Send(Get(server_.Url()), kCap), result);
  loop_.RunUntil([&] { return server_.requests().size() == results.size(); });
  EXPECT_EQ(server_.accepts(), 200);
  server_.Release();
  loop_.RunUntil([&] { return std::all_of(results.begin(), results.end(), [](const auto& r) { return r.has_value(); }); });
  for (const auto& result : results) {
    ASSERT_TRUE(std::holds_alternative<HttpReply>(*result)) << std::get<HttpFailure>(*result).message;
    EXPECT_EQ(std::get<HttpReply>(*result).body.size(), 20'000U);
  }
}

}  // namespace
}  // namespace easel::upstream
