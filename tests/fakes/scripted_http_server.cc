#include "tests/fakes/scripted_http_server.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/asio.hpp>

namespace easel::fakes {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string Hex(std::size_t number) {
  std::string digits;
  for (; number > 0; number /= 16) digits.insert(digits.begin(), "0123456789abcdef"[number % 16]);
  return digits.empty() ? "0" : digits;
}

SeenRequest ParseHead(std::string_view head) {
  SeenRequest request;
  const auto line = head.substr(0, head.find("\r\n"));
  const auto space = line.find(' ');
  request.method = line.substr(0, space);
  request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
  for (head.remove_prefix(line.size() + 2); !head.starts_with("\r\n"); head.remove_prefix(head.find("\r\n") + 2)) {
    const auto field = head.substr(0, head.find("\r\n"));
    const auto colon = field.find(':');
    auto value = field.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    request.headers.emplace_back(field.substr(0, colon), value);
  }
  return request;
}

}  // namespace

Answer Answer::Ok(std::string body, std::string content_type) { return Status(200, std::move(body), std::move(content_type)); }

Answer Answer::Status(int status, std::string body, std::string content_type) {
  Answer answer;
  answer.status_ = status;
  answer.body_ = std::move(body);
  answer.content_type_ = std::move(content_type);
  return answer;
}

Answer Answer::Raw(std::string bytes) {
  Answer answer;
  answer.kind_ = Kind::kRaw;
  answer.body_ = std::move(bytes);
  return answer;
}

Answer Answer::Drop() {
  Answer answer;
  answer.kind_ = Kind::kDrop;
  return answer;
}

Answer Answer::Hang() {
  Answer answer;
  answer.kind_ = Kind::kHang;
  return answer;
}

Answer Answer::With(std::string name, std::string value) && {
  headers_.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

Answer Answer::CutAfter(std::size_t body_bytes) && {
  cut_after_ = body_bytes;
  return std::move(*this);
}

Answer Answer::InChunksOf(std::size_t bytes) && {
  chunk_ = bytes;
  return std::move(*this);
}

Answer Answer::WhenReleased() && {
  held_ = true;
  return std::move(*this);
}

std::string Answer::Head() const {
  std::string head = "HTTP/1.1 " + std::to_string(status_) + " Scripted\r\nContent-Type: " + content_type_ + "\r\n";
  for (const auto& [name, value] : headers_) head += name + ": " + value + "\r\n";
  head += chunk_ > 0 ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(body_.size());
  return head + "\r\n\r\n";
}

std::string SeenRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (SameName(key, name)) return value;
  }
  return {};
}

bool SeenRequest::Has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [name](const auto& header) { return SameName(header.first, name); });
}

class ScriptedHttpServer::Server {
 public:
  Server() : acceptor_(io_, {asio::ip::make_address("127.0.0.1"), 0}), gate_(io_, asio::steady_timer::time_point::max()) {
    asio::co_spawn(io_, Accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Server() {
    io_.stop();
    thread_.join();
  }

  void Then(Answer answer) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(answer));
  }

  void Otherwise(Answer answer) {
    const std::lock_guard lock(mutex_);
    otherwise_ = std::move(answer);
  }

  void Greet(std::string bytes) {
    const std::lock_guard lock(mutex_);
    greeting_ = std::move(bytes);
  }

  void Release() {
    asio::post(io_, [this] {
      released_ = true;
      gate_.cancel();
    });
  }

  std::vector<SeenRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  std::atomic<int> accepts{0};
  std::atomic<int> hangups{0};
  std::atomic<int> answered{0};
  std::atomic<bool> stalled{false};

 private:
  asio::awaitable<void> Accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(kNoThrow);
      if (error) co_return;
      const int number = ++accepts;
      asio::co_spawn(io_, Serve(std::move(socket), number), asio::detached);
    }
  }

  asio::awaitable<void> Serve(tcp::socket socket, int number) {
    std::string buffer;
    const std::string greeting = Greeting();
    bool keep = co_await Write(socket, greeting);
    while (keep) {
      const bool read = co_await ReadRequest(socket, buffer, number);
      if (!read) co_return;
      const Answer answer = Next();
      if (answer.held_ && !released_) co_await gate_.async_wait(kNoThrow);
      keep = co_await Perform(socket, answer);
    }
  }

  asio::awaitable<bool> ReadRequest(tcp::socket& socket, std::string& buffer, int number) {
    auto [error, head_size] = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n", kNoThrow);
    if (error) co_return false;
    SeenRequest request = ParseHead(std::string_view(buffer).substr(0, head_size));
    request.connection = number;
    buffer.erase(0, head_size);
    const std::string length = request.Header("Content-Length");
    const std::size_t body_size = length.empty() ? 0 : std::stoul(length);
    if (buffer.size() < body_size) {
      auto [body_error, got] =
          co_await asio::async_read(socket, asio::dynamic_buffer(buffer), asio::transfer_exactly(body_size - buffer.size()), kNoThrow);
      if (body_error) co_return false;
    }
    request.body = buffer.substr(0, body_size);
    buffer.erase(0, body_size);
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    co_return true;
  }

  std::string Greeting() {
    const std::lock_guard lock(mutex_);
    return greeting_;
  }

  Answer Next() {
    const std::lock_guard lock(mutex_);
    if (script_.empty()) return otherwise_;
    Answer answer = std::move(script_.front());
    script_.pop_front();
    return answer;
  }

  asio::awaitable<bool> Perform(tcp::socket& socket, const Answer& answer) {
    if (answer.kind_ == Answer::Kind::kDrop) co_return false;
    if (answer.kind_ == Answer::Kind::kHang) {
      char byte = 0;
      co_await socket.async_read_some(asio::buffer(&byte, 1), kNoThrow);
      ++hangups;
      co_return false;
    }
    if (answer.kind_ == Answer::Kind::kRaw) {
      co_await Write(socket, answer.body_);
      co_return false;
    }
    const std::string head = answer.Head();
    bool good = co_await Write(socket, head);
    if (good) good = co_await WriteBody(socket, answer);
    if (!good) ++hangups;
    if (good) ++answered;
    co_return good && answer.cut_after_ == std::string::npos;
  }

  asio::awaitable<bool> WriteBody(tcp::socket& socket, const Answer& answer) {
    const std::string_view body = std::string_view(answer.body_).substr(0, answer.cut_after_);
    if (answer.chunk_ == 0) {
      const bool good = co_await Write(socket, body);
      co_return good;
    }
    for (std::size_t at = 0; at < body.size(); at += answer.chunk_) {
      const std::string piece(body.substr(at, answer.chunk_));
      const std::string chunk = Hex(piece.size()) + "\r\n" + piece + "\r\n";
      const bool good = co_await Write(socket, chunk);
      if (!good) co_return false;
    }
    if (answer.cut_after_ != std::string::npos) co_return true;
    const bool good = co_await Write(socket, "0\r\n\r\n");
    co_return good;
  }

  asio::awaitable<bool> Write(tcp::socket& socket, std::string_view bytes) {
    std::size_t at = 0;
    socket.non_blocking(true);
    while (at < bytes.size()) {
      boost::system::error_code error;
      at += socket.write_some(asio::buffer(bytes.data() + at, bytes.size() - at), error);
      if (error == asio::error::would_block) {
        stalled = true;
        auto [wait_error] = co_await socket.async_wait(tcp::socket::wait_write, kNoThrow);
        stalled = false;
        error = wait_error;
      }
      if (error) co_return false;
    }
    co_return true;
  }

  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer gate_;
  bool released_ = false;  // on the server's thread
  mutable std::mutex mutex_;
  std::string greeting_;
  std::deque<Answer> script_;
  Answer otherwise_ = Answer::Status(599, "the script is at its end", "text/plain");
  std::vector<SeenRequest> requests_;
  std::thread thread_;
};

ScriptedHttpServer::ScriptedHttpServer() : server_(std::make_unique<Server>()) {}
ScriptedHttpServer::~ScriptedHttpServer() = default;

ScriptedHttpServer& ScriptedHttpServer::Then(Answer answer) {
  server_->Then(std::move(answer));
  return *this;
}

ScriptedHttpServer& ScriptedHttpServer::Otherwise(Answer answer) {
  server_->Otherwise(std::move(answer));
  return *this;
}

ScriptedHttpServer& ScriptedHttpServer::Greet(std::string bytes) {
  server_->Greet(std::move(bytes));
  return *this;
}

void ScriptedHttpServer::Release() { server_->Release(); }

std::string ScriptedHttpServer::Url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
}

std::uint16_t ScriptedHttpServer::port() const { return server_->port(); }
int ScriptedHttpServer::accepts() const { return server_->accepts; }
std::vector<SeenRequest> ScriptedHttpServer::requests() const { return server_->requests(); }
int ScriptedHttpServer::hangups() const { return server_->hangups; }
bool ScriptedHttpServer::stalled() const { return server_->stalled; }
int ScriptedHttpServer::answered() const { return server_->answered; }

std::uint16_t UnusedPort() {
  asio::io_context io;
  const tcp::acceptor acceptor(io, {asio::ip::make_address("127.0.0.1"), 0});
  return acceptor.local_endpoint().port();
}

}  // namespace easel::fakes
