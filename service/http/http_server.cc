#include "http/http_server.h"

#include <condition_variable>
#include <mutex>
#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "http/connection.h"

namespace easel::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kWithError = asio::as_tuple(asio::use_awaitable);
constexpr auto kPauseAfterFailedAccept = std::chrono::milliseconds(50);

struct Session {
  asio::any_io_executor strand;
  asio::cancellation_signal cancel;
  std::unique_ptr<Connection> connection;
  bool serving = false;  // used on the strand only
};

// A coroutine that is cancelled before its first step throws out of the loop's run(); one whose socket is closed by then
// ends of itself.
asio::awaitable<void> Serve(std::shared_ptr<Session> session) {
  session->serving = true;
  co_await session->connection->Serve();
}

void Break(Session& session) {
  session.connection->Close();
  if (session.serving) session.cancel.emit(asio::cancellation_type::terminal);
}

absl::Status BadAddress(const std::string& address) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", address, "\" is no address to listen on: give host:port, such as 127.0.0.1:8080 or [::1]:0"));
}

absl::StatusOr<tcp::endpoint> Resolve(const std::string& address, const asio::any_io_executor& executor) {
  const std::size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 || !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 ||
      port > 65535) {
    return BadAddress(address);
  }
  std::string host = address.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string::npos) return BadAddress(address);

  boost::system::error_code error;
  const auto found = tcp::resolver(executor).resolve(host, std::to_string(port), error);
  if (error || found.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on \"", address, "\": the host name is unknown (", error.message(), ")"));
  }
  return found.begin()->endpoint();
}

absl::Status CannotBind(const std::string& address, const boost::system::error_code& error) {
  if (error == asio::error::address_in_use) {
    return absl::FailedPreconditionError(
        absl::StrCat(address, " is in use: stop the program that listens there or choose another address"));
  }
  return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", address, ": ", error.message()));
}

std::string ToString(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? absl::StrCat("[", host, "]:", endpoint.port())
                                    : absl::StrCat(host, ":", endpoint.port());
}

}  // namespace

// Shared with the coroutines, so that none of them can outlive it.
class HttpServer::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::any_io_executor executor, HttpServerOptions options, Handler handler)
      : executor_(std::move(executor)), options_(options), handler_(std::move(handler)), acceptor_(asio::make_strand(executor_)) {}

  absl::StatusOr<tcp::endpoint> Listen(const std::string& address) {
    const auto endpoint = Resolve(address, executor_);
    if (!endpoint.ok()) return endpoint.status();
    boost::system::error_code error;
    const auto step = [&error](auto&& act) {
      if (!error) act();
    };
    step([&] { acceptor_.open(endpoint->protocol(), error); });
    step([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
    step([&] { acceptor_.bind(*endpoint, error); });
    step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
    if (error) {
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      return CannotBind(address, error);
    }
    const tcp::endpoint bound = acceptor_.local_endpoint(error);
    Begin();
    asio::co_spawn(acceptor_.get_executor(), Accept(), [self = shared_from_this()](std::exception_ptr) { self->End(); });
    return bound;
  }

  void Stop() {
    std::unique_lock lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
        boost::system::error_code ignored;
        self->acceptor_.close(ignored);
      });
      for (const auto& session : sessions_) {
        asio::post(session->strand, [session] { Break(*session); });
      }
    }
    idle_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  void Begin() {
    const std::lock_guard lock(mutex_);
    ++running_;
  }

  void End() {
    const std::lock_guard lock(mutex_);
    --running_;
    idle_.notify_all();
  }

  asio::awaitable<void> Accept() {
    while (acceptor_.is_open()) {
      auto [error, socket] = co_await acceptor_.async_accept(asio::any_io_executor(asio::make_strand(executor_)), kWithError);
      if (!error) {
        Start(std::move(socket));
      } else if (error != asio::error::operation_aborted) {
        asio::steady_timer pause(acceptor_.get_executor(), kPauseAfterFailedAccept);
        co_await pause.async_wait(kWithError);
      }
    }
  }

  void Start(tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto session = std::make_shared<Session>();
    session->strand = socket.get_executor();
    session->connection = MakeConnection(std::move(socket), options_, handler_);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      sessions_.insert(session);
      ++running_;
    }
    asio::co_spawn(session->strand, Serve(session),
                   asio::bind_cancellation_slot(session->cancel.slot(),
                                                [self = shared_from_this(), session](std::exception_ptr) { self->Forget(session); }));
  }

  void Forget(const std::shared_ptr<Session>& session) {
    session->connection->Close();
    {
      const std::lock_guard lock(mutex_);
      sessions_.erase(session);
    }
    End();
  }

  const asio::any_io_executor executor_;
  const HttpServerOptions options_;
  const Handler handler_;
  tcp::acceptor acceptor_;

  std::mutex mutex_;
  std::condition_variable idle_;
  bool stopping_ = false;
  int running_ = 0;  // the accepting coroutine and one for each connection
  std::set<std::shared_ptr<Session>> sessions_;
};

HttpServer::HttpServer(boost::asio::any_io_executor executor, HttpServerOptions options, Handler handler)
    : state_(std::make_shared<State>(std::move(executor), options, std::move(handler))) {}

HttpServer::~HttpServer() { Stop(); }

absl::StatusOr<std::uint16_t> HttpServer::Listen(const std::string& address) {
  const auto bound = state_->Listen(address);
  if (!bound.ok()) return bound.status();
  address_ = ToString(*bound);
  return bound->port();
}

void HttpServer::Stop() { state_->Stop(); }

}  // namespace easel::http
