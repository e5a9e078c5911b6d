#include "http/endpoints.h"

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/http_server.h"

namespace easel::http {
namespace {

namespace asio = boost::asio;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class StringReader final : public generation::ImageReader {
 public:
  explicit StringReader(std::string bytes) : bytes_(std::move(bytes)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  asio::awaitable<absl::StatusOr<absl::Cord>> Read(std::int64_t offset, std::size_t max_bytes) override {
    EXPECT_LE(max_bytes, 65536U);
    co_return absl::Cord(bytes_.substr(static_cast<std::size_t>(offset), max_bytes));
  }

 private:
  std::string bytes_;
};

// 150,000 bytes, each other than its neighbours.
std::string Picture() {
  std::string bytes;
  for (int i = 0; i < 150000; ++i) bytes.push_back(static_cast<char>('a' + i % 23));
  return bytes;
}

asio::awaitable<absl::StatusOr<generation::Snapshot>> Find(std::string name) {
  if (name == "generations/down") co_return absl::UnavailableError("the disk is away");
  if (name != "generations/one" && name != "generations/failed") co_return absl::NotFoundError("no such generation");
  generation::Record record;
  record.mutable_generation()->set_name(name);
  if (name == "generations/one") {
    record.mutable_generation()->mutable_image()->set_content_type("image/png");
    record.mutable_generation()->mutable_image()->set_sha256("d1");
  }
  co_return std::make_shared<const generation::Record>(std::move(record));
}

asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> Open(generation::Snapshot) {
  co_return std::make_unique<StringReader>(Picture());
}

class EndpointsTest : public ::testing::Test {
 protected:
  EndpointsTest() {
    thread_ = std::thread([this] { context_.run(); });
    port_ = server_.Listen("127.0.0.1:0").value();
  }

  ~EndpointsTest() override {
    server_.Stop();
    guard_.reset();
    thread_.join();
  }

  asio::awaitable<absl::Status> StoreCheck() { co_return store_status_; }

  std::string Ask(const std::string& method, const std::string& target, const std::string& headers = "") {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::address_v4::loopback(), port_});
    asio::write(socket, asio::buffer(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n"));
    std::string reply;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(reply), error);
    return reply;
  }

  std::string Get(const std::string& target, const std::string& headers = "") { return Ask("GET", target, headers); }

  static std::string Body(const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); }

  // The path of a link to this generation's image.
  std::string Link(const std::string& id) {
    generation::Record record;
    record.mutable_generation()->set_name("generations/" + id);
    const std::string url = links_.LinkTo(record).url;
    EXPECT_THAT(url, StartsWith("http://images.test/images/" + id + "?"));
    return url.substr(std::string("http://images.test").size());
  }

  absl::Time now_ = absl::FromUnixSeconds(1'900'000'000);
  absl::Status store_status_;
  SignedImageLinks links_{{.public_url = "http://images.test/",
                           .secret = std::string(SignedImageLinks::kSecretBytes, 's'),
                           .ttl = absl::Hours(1),
                           .now = [this] { return now_; }}};
  Endpoints endpoints_{links_, ImageSource{Find, Open}, {{"records", [this] { return StoreCheck(); }}},
                       [] { return std::string("easel_build_info 1\n"); }};
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_{context_.get_executor()};
  HttpServer server_{context_.get_executor(), {}, [this](const Request& request, Responder& responder) {
                       return endpoints_.Handle(request, responder);
                     }};
  std::thread thread_;
  std::uint16_t port_ = 0;
};

TEST_F(EndpointsTest, MetricsAreServedAsPrometheusReadsThem) {
  const std::string reply = Get("/metrics");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(reply, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  EXPECT_THAT(Body(reply), StartsWith("easel_build_info 1\n"));
}

TEST_F(EndpointsTest, MetricsSayWhatIsNotReady) {
  EXPECT_THAT(Get("/metrics"), HasSubstr("\n# TYPE easel_ready gauge\neasel_ready{part=\"records\"} 1\n"));
  store_status_ = absl::UnavailableError("cannot write to records.db");
  const std::string reply = Get("/metrics");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(reply, HasSubstr("\neasel_ready{part=\"records\"} 0\n"));
}

TEST_F(EndpointsTest, ReadinessFollowsTheChecksAndLivenessDoesNot) {
  EXPECT_THAT(Get("/readyz"), StartsWith("HTTP/1.1 200"));
  store_status_ = absl::UnavailableError("cannot write to records.db");
  EXPECT_THAT(Get("/readyz"), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(Body(Get("/readyz")), "records: cannot write to records.db\n");
  endpoints_.StartDraining();
  EXPECT_EQ(Body(Get("/readyz")), "shutting down\nrecords: cannot write to records.db\n");
  EXPECT_THAT(Get("/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(EndpointsTest, TheRootNamesWhatThereIs) {
  EXPECT_THAT(Body(Get("/")), HasSubstr("/metrics"));
  EXPECT_THAT(Get("/elsewhere"), StartsWith("HTTP/1.1 404"));
  const std::string posted = Ask("POST", "/metrics", "Content-Length: 0\r\n");
  EXPECT_THAT(posted, StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(posted, HasSubstr("Allow: GET, HEAD"));
}

TEST_F(EndpointsTest, ASignedLinkGivesTheWholeImage) {
  const std::string reply = Get(Link("one"));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(reply, HasSubstr("Content-Type: image/png"));
  EXPECT_THAT(reply, HasSubstr("Content-Length: 150000"));
  EXPECT_THAT(reply, HasSubstr("ETag: \"d1\""));
  EXPECT_THAT(reply, HasSubstr("Cache-Control: private"));
  EXPECT_EQ(Body(reply), Picture());
}

TEST_F(EndpointsTest, HeadHasTheHeadersAndNoBody) {
  const std::string reply = Ask("HEAD", Link("one"));
  EXPECT_THAT(reply, HasSubstr("Content-Length: 150000"));
  EXPECT_EQ(Body(reply), "");
}

TEST_F(EndpointsTest, OneRangeIsSentAsPartialContent) {
  const std::string reply = Get(Link("one"), "Range: bytes=100-70099\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 206"));
  EXPECT_THAT(reply, HasSubstr("Content-Range: bytes 100-70099/150000"));
  EXPECT_EQ(Body(reply), Picture().substr(100, 70000));
  EXPECT_EQ(Body(Get(Link("one"), "Range: bytes=-5\r\n")), Picture().substr(149995));
}

TEST_F(EndpointsTest, ARangePastTheEndIs416) {
  const std::string reply = Get(Link("one"), "Range: bytes=150000-\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 416"));
  EXPECT_THAT(reply, HasSubstr("Content-Range: bytes */150000"));
}

TEST_F(EndpointsTest, ARangeOfAnOlderCopyGetsTheWholeImage) {
  EXPECT_THAT(Get(Link("one"), "Range: bytes=1-2\r\nIf-Range: \"d0\"\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Get(Link("one"), "Range: bytes=1-2\r\nIf-Range: \"d1\"\r\n"), StartsWith("HTTP/1.1 206"));
  EXPECT_THAT(Get(Link("one"), "If-None-Match: \"d1\"\r\n"), StartsWith("HTTP/1.1 304"));
}

TEST_F(EndpointsTest, AForgedLinkIsRefused) {
  const std::string link = Link("one");
  EXPECT_THAT(Get("/images/one"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(Get("/images/other" + link.substr(link.find('?'))), StartsWith("HTTP/1.1 403"));
  std::string longer = link;
  longer.replace(longer.find("expires=1"), 9, "expires=2");
  EXPECT_THAT(Get(longer), StartsWith("HTTP/1.1 403"));
  std::string flipped = link;
  flipped.back() = flipped.back() == '0' ? '1' : '0';
  EXPECT_THAT(Body(Get(flipped)), HasSubstr("signature does not fit"));
}

TEST_F(EndpointsTest, AnExpiredLinkSaysHowToGetAFreshOne) {
  const std::string link = Link("one");
  now_ += absl::Minutes(62);
  const std::string reply = Get(link);
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(Body(reply), HasSubstr("GetGeneration"));
}

TEST_F(EndpointsTest, WhatIsNotThereIsNamed) {
  EXPECT_THAT(Get(Link("failed")), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get(Link("removed")), StartsWith("HTTP/1.1 410"));
  const std::string down = Get(Link("down"));
  EXPECT_THAT(down, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(down, Not(HasSubstr("the disk is away")));
}

TEST_F(EndpointsTest, ALinkNeverOutlivesTheImage) {
  generation::Record record;
  record.mutable_generation()->set_name("generations/one");
  record.mutable_generation()->mutable_expire_time()->set_seconds(1'900'000'100);
  EXPECT_EQ(links_.LinkTo(record).expire_time, absl::FromUnixSeconds(1'900'000'100));
}

}  // namespace
}  // namespace easel::http
