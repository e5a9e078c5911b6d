#include "http/http_server.h"

#include <future>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace easel::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A server on two threads and a free port of loopback.
class Served {
 public:
  explicit Served(Handler handler, HttpServerOptions options = {})
      : server_(context_.get_executor(), options, std::move(handler)) {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { context_.run(); });
    port_ = server_.Listen("127.0.0.1:0").value();
  }
  ~Served() {
    server_.Stop();
    guard_.reset();
    for (std::thread& thread : threads_) thread.join();
  }

  tcp::socket Connect() {
    tcp::socket socket(client_);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port_));
    return socket;
  }

  // Sends `text` and reads all until the server closes.
  std::string Exchange(const std::string& text) {
    tcp::socket socket = Connect();
    asio::write(socket, asio::buffer(text));
    return ReadAll(socket);
  }

  static std::string ReadAll(tcp::socket& socket) {
    std::string all;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(all), error);
    return all;
  }

  HttpServer& server() { return server_; }
  std::uint16_t port() const { return port_; }
  asio::io_context& context() { return context_; }

 private:
  asio::io_context context_;
  asio::io_context client_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_{context_.get_executor()};
  HttpServer server_;
  std::vector<std::thread> threads_;
  std::uint16_t port_ = 0;
};

std::string Get(const std::string& target, const std::string& extra = "Connection: close\r\n") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + extra + "\r\n";
}

std::string Post(const std::string& body, const std::string& extra = "Connection: close\r\n") {
  return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + extra + "\r\n" + body;
}

std::string BodyOf(const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); }

asio::awaitable<void> Echo(const Request& request, Responder& responder) {
  ReplyHead head;
  head.content_type = "text/plain";
  head.headers = {{"X-Method", request.method}};
  std::string body = request.path + "|" + request.query + "|" + request.Parameter("a").value_or("-") + "|" +
                     std::string(request.Header("x-given").value_or("-")) + "|" + request.body;
  co_await responder.Send(std::move(head), std::move(body));
}

TEST(HttpServerTest, HandsOverTheRequestAndSendsTheReply) {
  Served served(Echo);
  const std::string reply =
      served.Exchange(Get("/p%20q?a=1%2B2+3&Signature=x%3D", "X-Given: yes\r\nConnection: close\r\n"));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(reply, HasSubstr("X-Method: GET\r\n"));
  EXPECT_EQ(BodyOf(reply), "/p%20q|a=1%2B2+3&Signature=x%3D|1+2 3|yes|");
}

TEST(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  Served served(Echo);
  const std::string reply = served.Exchange(Get("/one", "") + Get("/two", "") + Get("/three"));
  EXPECT_THAT(reply, HasSubstr("/one||"));
  EXPECT_THAT(reply, HasSubstr("/two||"));
  EXPECT_THAT(reply, EndsWith("/three||-|-|"));
}

TEST(HttpServerTest, HeadGetsTheLengthAndNoBody) {
  Served served(Echo);
  const std::string reply = served.Exchange("HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(reply, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_EQ(BodyOf(reply), "");
}

TEST(HttpServerTest, TellsClientsThatWaitToGoOn) {
  Served served(Echo);
  tcp::socket socket = served.Connect();
  asio::write(socket, asio::buffer(std::string(
                          "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 5\r\n\r\n")));
  std::string interim(std::string("HTTP/1.1 100 Continue\r\n\r\n").size(), '\0');
  asio::read(socket, asio::buffer(interim));
  EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
  asio::write(socket, asio::buffer(std::string("hello")));
  EXPECT_THAT(Served::ReadAll(socket), EndsWith("|hello"));
}

TEST(HttpServerTest, RefusesBodiesAndHeadersOverTheLimitAndNonsense) {
  HttpServerOptions options;
  options.max_body_bytes = 10;
  options.max_header_bytes = 500;
  Served served(Echo, options);
  EXPECT_THAT(served.Exchange(Post("0123456789")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(served.Exchange(Post("0123456789a")), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(served.Exchange(Post(std::string(3'000'000, 'x'))), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(served.Exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(served.Exchange(Get("/", "X-Long: " + std::string(600, 'x') + "\r\n")), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(served.Exchange("this is no HTTP\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST(HttpServerTest, AHandlerThatThrowsOrSaysNothingBecomesA500) {
  Served served([](const Request& request, Responder&) -> asio::awaitable<void> {
    if (request.path == "/throw") throw std::runtime_error("a fault of the handler");
    co_return;
  });
  EXPECT_THAT(served.Exchange(Get("/throw")), StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(served.Exchange(Get("/silent")), StartsWith("HTTP/1.1 500"));
}

asio::awaitable<void> Stream(const Request& request, Responder& responder) {
  ReplyHead head;
  std::optional<std::uint64_t> length;
  if (request.path == "/sized" || request.path == "/short") length = 6;
  (void)co_await responder.Start(std::move(head), length);
  (void)co_await responder.Write("abc");
  if (request.path == "/throw") throw std::runtime_error("a fault of the handler");
  if (request.path == "/abort") responder.Abort();
  if (request.path != "/short") (void)co_await responder.Write("def");
  (void)co_await responder.Finish();
}

TEST(HttpServerTest, StreamsInChunksOrWithALength) {
  Served served(Stream);
  const std::string chunked = served.Exchange(Get("/chunked"));
  EXPECT_THAT(chunked, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(BodyOf(chunked), "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
  const std::string sized = served.Exchange(Get("/sized"));
  EXPECT_THAT(sized, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_EQ(BodyOf(sized), "abcdef");
  EXPECT_EQ(BodyOf(served.Exchange("GET /chunked HTTP/1.0\r\n\r\n")), "abcdef");
  EXPECT_EQ(BodyOf(served.Exchange("HEAD /chunked HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), "");
}

TEST(HttpServerTest, ABrokenStreamIsCutEvenOnAConnectionToBeKept) {
  Served served(Stream);
  for (const char* path : {"/throw", "/abort", "/short"}) {
    const std::string reply = served.Exchange(Get(path, ""));
    EXPECT_THAT(reply, HasSubstr("abc")) << path;
    EXPECT_THAT(reply, Not(EndsWith("0\r\n\r\n"))) << path;
    EXPECT_THAT(reply, Not(HasSubstr("def"))) << path;
  }
}

TEST(HttpServerTest, AbortClosesWithoutAnAnswer) {
  Served served([](const Request&, Responder& responder) -> asio::awaitable<void> {
    responder.Abort();
    co_return;
  });
  EXPECT_EQ(served.Exchange(Get("/", "")), "");
}

TEST(HttpServerTest, AWriterLearnsThatThePeerIsGone) {
  std::promise<absl::Status> seen;
  Served served([&seen](const Request&, Responder& responder) -> asio::awaitable<void> {
    ReplyHead head;
    absl::Status status = co_await responder.Start(std::move(head), std::nullopt);
    const std::string piece(100'000, 'x');
    while (status.ok()) status = co_await responder.Write(piece);
    seen.set_value(status);
  });
  tcp::socket socket = served.Connect();
  asio::write(socket, asio::buffer(Get("/")));
  char byte = 0;
  asio::read(socket, asio::buffer(&byte, 1));
  socket.close();
  EXPECT_EQ(seen.get_future().get().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpServerTest, APeerThatDoesNotReadIsGivenUp) {
  HttpServerOptions options;
  options.write_timeout = std::chrono::milliseconds(20);
  std::promise<absl::Status> seen;
  Served served(
      [&seen](const Request&, Responder& responder) -> asio::awaitable<void> {
        ReplyHead head;
        absl::Status status = co_await responder.Start(std::move(head), std::nullopt);
        const std::string piece(1'000'000, 'x');
        while (status.ok()) status = co_await responder.Write(piece);
        seen.set_value(status);
      },
      options);
  tcp::socket socket = served.Connect();
  asio::write(socket, asio::buffer(Get("/")));
  EXPECT_EQ(seen.get_future().get().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpServerTest, PeerGoneComesBackWhenThePeerCloses) {
  std::promise<void> waiting;
  std::promise<void> gone;
  Served served([&](const Request&, Responder& responder) -> asio::awaitable<void> {
    waiting.set_value();
    co_await responder.PeerGone();
    gone.set_value();
  });
  tcp::socket socket = served.Connect();
  asio::write(socket, asio::buffer(Get("/", "")));
  waiting.get_future().wait();
  socket.close();
  gone.get_future().wait();
}

TEST(HttpServerTest, ClosesIdleConnections) {
  HttpServerOptions options;
  options.idle_timeout = std::chrono::milliseconds(20);
  Served served(Echo, options);
  tcp::socket socket = served.Connect();
  EXPECT_EQ(Served::ReadAll(socket), "");
  EXPECT_EQ(served.Exchange("GET / HTTP/1.1\r\nHost"), "");
}

TEST(HttpServerTest, StopEndsWaitingHandlersAndConnections) {
  std::promise<void> waiting;
  Served served([&](const Request&, Responder&) -> asio::awaitable<void> {
    asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    waiting.set_value();
    co_await never.async_wait(asio::use_awaitable);
  });
  tcp::socket busy = served.Connect();
  tcp::socket idle = served.Connect();
  asio::write(busy, asio::buffer(Get("/")));
  waiting.get_future().wait();
  served.server().Stop();
  EXPECT_EQ(Served::ReadAll(busy), "");
  EXPECT_EQ(Served::ReadAll(idle), "");
  EXPECT_THROW(served.Connect(), boost::system::system_error);
}

TEST(HttpServerTest, StopWhileClientsHammerIt) {
  auto served = std::make_unique<Served>(Echo);
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&served, &answered, port = served->port()] {
      asio::io_context context;
      boost::system::error_code error;
      while (!error) {
        tcp::socket socket(context);
        socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port), error);
        if (!error) asio::write(socket, asio::buffer(Get("/")), error);
        if (!error && !Served::ReadAll(socket).empty()) ++answered;
      }
    });
  }
  while (answered < 50) std::this_thread::yield();
  served->server().Stop();
  for (std::thread& client : clients) client.join();
  EXPECT_GE(answered, 50);
}

TEST(HttpServerTest, ATakenPortIsSaidToBeInUse) {
  Served served(Echo);
  HttpServer second(served.context().get_executor(), {}, Echo);
  const std::string address = "127.0.0.1:" + std::to_string(served.port());
  const auto bound = second.Listen(address);
  EXPECT_EQ(bound.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(bound.status().message()), HasSubstr(address + " is in use"));
}

TEST(HttpServerTest, RefusesWhatIsNoAddress) {
  Served served(Echo);
  for (const char* address : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1:80", "127.0.0.1:http"}) {
    HttpServer server(served.context().get_executor(), {}, Echo);
    EXPECT_EQ(server.Listen(address).status().code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

TEST(HttpServerTest, ListensOnNamesAndSaysWhere) {
  Served served(Echo);
  HttpServer server(served.context().get_executor(), {}, Echo);
  const auto port = server.Listen("localhost:0");
  ASSERT_TRUE(port.ok()) << port.status();
  EXPECT_THAT(server.address(), EndsWith(":" + std::to_string(*port)));
}

}  // namespace
}  // namespace easel::http
