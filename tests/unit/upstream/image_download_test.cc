#include "upstream/image_download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/scripted_http_server.h"
#include "tests/unit/upstream/loop.h"
#include "tests/unit/upstream/string_sink.h"

namespace easel::upstream {
namespace {

using fakes::Answer;
using fakes::ScriptedHttpServer;
using generation::Fetched;
using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = generation::Fetched::Outcome;

class ImageDownloadTest : public ::testing::Test {
 protected:
  Fetched Download(const std::string& url) {
    return loop_.Run(DownloadImage(loop_.client(), guard_, url, sink_, limits_));
  }

  ScriptedHttpServer server_;
  Loop loop_;
  UrlGuard guard_ = *UrlGuard::Create(std::vector<std::string>{"127.0.0.1"});
  DownloadLimits limits_;
  StringSink sink_;
};

TEST_F(ImageDownloadTest, PoursTheBytesIntoTheSink) {
  const std::string body = std::string(700'000, 'p') + std::string("\0end", 4);
  server_.Then(Answer::Ok(body, "image/png"));
  const Fetched fetched = Download(server_.Url("/i.png"));
  EXPECT_EQ(fetched.outcome, Outcome::kComplete) << fetched.status;
  EXPECT_TRUE(fetched.status.ok());
  EXPECT_TRUE(sink_.bytes == body);
  EXPECT_EQ(sink_.begins, 1);
  EXPECT_EQ(sink_.announced, static_cast<std::int64_t>(body.size()));
}

TEST_F(ImageDownloadTest, KnowsNoSizeWhereTheSenderNamesNone) {
  server_.Then(Answer::Ok("pixels", "image/png").InChunksOf(2));
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kComplete);
  EXPECT_EQ(sink_.bytes, "pixels");
  EXPECT_EQ(sink_.announced, std::nullopt);
}

TEST_F(ImageDownloadTest, SendsTheSignedUrlByteForByteAndNoCredentials) {
  server_.Then(Answer::Ok("p", "image/png"));
  const std::string target = "/1_watermark.png?UCloudPublicKey=TOKEN_a-b&Signature=Ab%2Bc%2fd+e%3D&Expires=1767225600";
  EXPECT_EQ(Download(server_.Url(target)).outcome, Outcome::kComplete);
  const auto seen = server_.requests().at(0);
  EXPECT_EQ(seen.target, target);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_FALSE(seen.Has("Authorization"));
  EXPECT_FALSE(seen.Has("Cookie"));
  EXPECT_EQ(seen.Header("Accept-Encoding"), "identity");
}

TEST_F(ImageDownloadTest, StatusesSayWhetherToTryAgain) {
  const std::vector<std::pair<int, Outcome>> expected = {
      {404, Outcome::kRetry}, {429, Outcome::kRetry},   {500, Outcome::kRetry},   {502, Outcome::kRetry},
      {503, Outcome::kRetry}, {204, Outcome::kRetry},   {304, Outcome::kRetry},   {302, Outcome::kRetry},
      {206, Outcome::kRetry}, {401, Outcome::kExpired}, {403, Outcome::kExpired}, {410, Outcome::kExpired}};
  for (const auto& [status, outcome] : expected) {
    server_.Then(Answer::Status(status, status == 204 || status == 304 ? "" : "{\"RetCode\":-148654}"));
    const Fetched fetched = Download(server_.Url("/x?Signature=secret"));
    EXPECT_EQ(fetched.outcome, outcome) << status;
    EXPECT_THAT(std::string(fetched.status.message()), Not(HasSubstr("secret")));
  }
  EXPECT_EQ(sink_.begins, 0);
}

TEST_F(ImageDownloadTest, BrokenConnectionsAreTriedAgain) {
  server_.Then(Answer::Ok(std::string(1000, 'x')).CutAfter(500)).Then(Answer::Drop());
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kRetry);
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kRetry);
  EXPECT_EQ(Download("http://127.0.0.1:" + std::to_string(fakes::UnusedPort()) + "/").outcome, Outcome::kRetry);
}

TEST_F(ImageDownloadTest, DeadlineEndsAnAttempt) {
  server_.Then(Answer::Hang());
  limits_.total_timeout = absl::Milliseconds(200);
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kRetry);
}

TEST_F(ImageDownloadTest, BodiesOverTheCapAreForbidden) {
  limits_.max_bytes = 1000;
  server_.Then(Answer::Ok(std::string(1001, 'x'))).Then(Answer::Ok(std::string(1001, 'x')).InChunksOf(100));
  server_.Then(Answer::Ok(std::string(1000, 'x')));
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kForbidden);
  EXPECT_EQ(sink_.begins, 0);
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kForbidden);
  EXPECT_LE(sink_.bytes.size(), 1000U);
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kComplete);
}

TEST_F(ImageDownloadTest, CodedBodiesAreNotTaken) {
  server_.Then(Answer::Ok("\x1f\x8b...").With("Content-Encoding", "gzip"));
  server_.Then(Answer::Ok("p").With("Content-Encoding", "identity"));
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kRetry);
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kComplete);
}

TEST_F(ImageDownloadTest, FollowsRedirectsToAllowedHosts) {
  ScriptedHttpServer other;
  server_.Then(Answer::Status(302, "").With("Location", "/second?s=%2f"));
  server_.Then(Answer::Status(307, "moved").With("Location", other.Url("/third?s=a%2Bb")));
  other.Then(Answer::Ok("pixels"));
  EXPECT_EQ(Download(server_.Url("/first")).outcome, Outcome::kComplete);
  EXPECT_EQ(sink_.bytes, "pixels");
  EXPECT_EQ(server_.requests().at(1).target, "/second?s=%2f");
  EXPECT_EQ(other.requests().at(0).target, "/third?s=a%2Bb");
}

TEST_F(ImageDownloadTest, RefusesRedirectsToOtherPlaces) {
  for (const char* location : {"http://127.0.0.2/x", "http://169.254.169.254/latest", "http://localhost/", "https://evil.com/",
                               "file:///etc/passwd", "http://127.0.0.1@evil.com/", "http://[::1]/", "gopher://127.0.0.1/"}) {
    server_.Then(Answer::Status(302, "").With("Location", location));
    EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kForbidden) << location;
  }
  EXPECT_EQ(sink_.begins, 0);
}

TEST_F(ImageDownloadTest, GivesUpAfterFiveRedirects) {
  for (int i = 0; i < 5; ++i) server_.Then(Answer::Status(302, "").With("Location", "/next"));
  server_.Then(Answer::Ok("pixels"));
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kComplete);
  for (int i = 0; i < 6; ++i) server_.Then(Answer::Status(302, "").With("Location", "/next"));
  server_.Then(Answer::Ok("pixels"));
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kForbidden);
}

// A known host is fetched from public addresses only, whatever its name resolves to.
TEST_F(ImageDownloadTest, RefusesPrivateAddressesOfKnownHosts) {
  const auto filter = *guard_.Check("https://mfile.z.ai/x.png");
  HttpRequest request = Get(server_.Url());
  request.address_allowed = filter;
  const auto opened = loop_.Run(loop_.client().Open(request));
  ASSERT_TRUE(std::holds_alternative<HttpFailure>(opened));
  EXPECT_EQ(std::get<HttpFailure>(opened).kind, HttpFailure::Kind::kAddressRefused);
  EXPECT_EQ(server_.accepts(), 0);
}

TEST_F(ImageDownloadTest, SinkThatFailsEndsTheTransfer) {
  server_.Otherwise(Answer::Ok(std::string(4'000'000, 'x')));
  sink_.fail_after = 100'000;
  const Fetched fetched = Download(server_.Url());
  EXPECT_EQ(fetched.outcome, Outcome::kSinkFailed);
  EXPECT_EQ(fetched.status.message(), "disk full");
  sink_.fail_begin = true;
  EXPECT_EQ(Download(server_.Url()).outcome, Outcome::kSinkFailed);
}

}  // namespace
}  // namespace easel::upstream
