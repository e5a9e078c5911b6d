#include "http/connection.h"

#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "absl/strings/str_cat.h"

namespace easel::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadAhead = 64 * 1024;
constexpr auto kLinger = std::chrono::seconds(2);
constexpr std::size_t kLingerBytes = 8 * 1024 * 1024;

Request ToRequest(wire::request<wire::string_body> message) {
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  const std::size_t mark = request.target.find('?');
  request.path = request.target.substr(0, mark);
  if (mark != std::string::npos) request.query = request.target.substr(mark + 1);
  for (const auto& field : message) request.headers.emplace_back(field.name_string(), field.value());
  request.body = std::move(message.body());
  return request;
}

bool IsOneLine(const std::string& value) { return value.find_first_of("\r\n") == std::string::npos; }

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

absl::Status Gone(const boost::system::error_code& error) {
  return error ? absl::UnavailableError(absl::StrCat("the HTTP peer is gone: ", error.message())) : absl::OkStatus();
}

int StatusFor(const boost::system::error_code& error) {
  if (error == wire::error::end_of_stream || error == wire::error::partial_message) return 0;
  if (error == wire::error::body_limit) return 413;
  if (error == wire::error::header_limit || error == wire::error::buffer_overflow) return 431;
  return error.category() == make_error_code(wire::error::bad_method).category() ? 400 : 0;
}

class BeastConnection final : public Connection, public Responder {
 public:
  BeastConnection(asio::ip::tcp::socket socket, const HttpServerOptions& options, const Handler& handler)
      : options_(options), handler_(handler), stream_(std::move(socket)), buffer_(options.max_header_bytes + kReadAhead) {}

  asio::awaitable<void> Serve() override {
    bool goes_on = true;
    while (goes_on) {
      goes_on = co_await ReadRequest();
      if (goes_on) {
        co_await Answer();
        goes_on = phase_ == Phase::kDone && keep_alive_;
      }
    }
    boost::system::error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    if (unread_) co_await Linger();
    stream_.close();
  }

  void Close() override { stream_.close(); }

  asio::awaitable<absl::Status> Send(ReplyHead head, std::string body) override {
    if (phase_ != Phase::kNew) co_return absl::FailedPreconditionError("this request has its answer already");
    phase_ = Phase::kBroken;
    wire::response<wire::string_body> message;
    Fill(message, head);
    if (!HasNoBody(head.status)) message.content_length(body.size());
    if (!head_only_ && !HasNoBody(head.status)) message.body() = std::move(body);
    wire::response_serializer<wire::string_body> serializer(message);
    stream_.expires_after(options_.write_timeout);
    boost::system::error_code error;
    if (message.body().empty()) {
      std::tie(error, std::ignore) = co_await wire::async_write_header(stream_, serializer, kTuple);
    } else {
      std::tie(error, std::ignore) = co_await wire::async_write(stream_, serializer, kTuple);
    }
    if (!error) phase_ = Phase::kDone;
    co_return Gone(error);
  }

  asio::awaitable<absl::Status> Start(ReplyHead head, std::optional<std::uint64_t> content_length) override {
    if (phase_ != Phase::kNew) co_return absl::FailedPreconditionError("this request has its answer already");
    phase_ = Phase::kBroken;
    left_ = content_length;
    chunked_ = !content_length && version_ >= 11;
    if (!content_length && !chunked_) keep_alive_ = false;
    wire::response<wire::empty_body> message;
    Fill(message, head);
    if (content_length) message.content_length(*content_length);
    if (chunked_) message.chunked(true);
    wire::response_serializer<wire::empty_body> serializer(message);
    stream_.expires_after(options_.write_timeout);
    const auto [error, size] = co_await wire::async_write_header(stream_, serializer, kTuple);
    if (!error) phase_ = Phase::kStreaming;
    co_return Gone(error);
  }

  asio::awaitable<absl::Status> Write(std::string_view piece) override {
    if (phase_ != Phase::kStreaming) co_return absl::UnavailableError("no stream is open: it broke, or has ended");
    if (left_ && piece.size() > *left_) {
      co_return absl::InvalidArgumentError("the stream is longer than the length that was announced");
    }
    if (left_) *left_ -= piece.size();
    if (head_only_ || piece.empty()) co_return absl::OkStatus();
    co_return co_await WriteBytes(piece);
  }

  asio::awaitable<absl::Status> Finish() override {
    if (phase_ != Phase::kStreaming) co_return absl::UnavailableError("no stream is open: it broke, or has ended");
    if (left_ && *left_ > 0) co_return absl::InvalidArgumentError("the stream is shorter than the length that was announced");
    boost::system::error_code error;
    if (chunked_ && !head_only_) {
      stream_.expires_after(options_.write_timeout);
      std::tie(error, std::ignore) = co_await asio::async_write(stream_, wire::make_chunk_last(), kTuple);
    }
    phase_ = error ? Phase::kBroken : Phase::kDone;
    co_return Gone(error);
  }

  void Abort() override {
    phase_ = Phase::kBroken;
    stream_.close();
  }

  asio::awaitable<void> PeerGone() override {
    stream_.expires_never();
    boost::system::error_code error;
    while (!error && buffer_.size() < kReadAhead) {
      std::size_t size = 0;
      std::tie(error, size) = co_await stream_.async_read_some(buffer_.prepare(1024), kTuple);
      buffer_.commit(size);
    }
    if (error) co_return;
    asio::steady_timer never(stream_.get_executor(), asio::steady_timer::time_point::max());
    co_await never.async_wait(kTuple);
  }

 private:
  enum class Phase { kNew, kStreaming, kDone, kBroken };

  asio::awaitable<bool> ReadRequest() {
    wire::request_parser<wire::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    phase_ = Phase::kNew;
    keep_alive_ = false;
    head_only_ = false;
    boost::system::error_code error;
    if (buffer_.size() == 0) error = co_await AwaitFirstBytes();
    stream_.expires_after(options_.header_timeout);
    if (!error) std::tie(error, std::ignore) = co_await wire::async_read_header(stream_, buffer_, parser, kTuple);
    if (!error && beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
      error = co_await SayContinue();
    }
    if (!error) {
      stream_.expires_after(options_.idle_timeout);
      std::tie(error, std::ignore) = co_await wire::async_read(stream_, buffer_, parser, kTuple);
    }
    if (error) {
      co_await Refuse(StatusFor(error));
      co_return false;
    }
    keep_alive_ = parser.get().keep_alive();
    head_only_ = parser.get().method() == wire::verb::head;
    version_ = parser.get().version();
    request_ = ToRequest(parser.release());
    co_return true;
  }

  asio::awaitable<boost::system::error_code> AwaitFirstBytes() {
    stream_.expires_after(options_.idle_timeout);
    const auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(4096), kTuple);
    buffer_.commit(size);
    co_return error;
  }

  asio::awaitable<boost::system::error_code> SayContinue() {
    wire::response<wire::empty_body> message(wire::status::continue_, 11);
    stream_.expires_after(options_.write_timeout);
    const auto [error, size] = co_await wire::async_write(stream_, message, kTuple);
    co_return error;
  }

  // A status of 0: the peer left or broke off, so there is nobody to tell.
  asio::awaitable<void> Refuse(int status) {
    if (status == 0) co_return;
    unread_ = true;
    ReplyHead head;
    head.status = status;
    head.content_type = "text/plain";
    std::string body = absl::StrCat(std::string(wire::obsolete_reason(static_cast<wire::status>(status))), "\n");
    co_await Send(std::move(head), std::move(body));
  }

  asio::awaitable<void> Answer() {
    try {
      co_await handler_(request_, *this);
    } catch (...) {
      if (phase_ == Phase::kStreaming) phase_ = Phase::kBroken;
    }
    if (phase_ != Phase::kNew) co_return;
    ReplyHead head;
    head.status = 500;
    head.content_type = "text/plain";
    co_await Send(std::move(head), "Internal Server Error\n");
  }

  asio::awaitable<absl::Status> WriteBytes(std::string_view piece) {
    stream_.expires_after(options_.write_timeout);
    const asio::const_buffer bytes(piece.data(), piece.size());
    boost::system::error_code error;
    if (chunked_) {
      std::tie(error, std::ignore) = co_await asio::async_write(stream_, wire::make_chunk(bytes), kTuple);
    } else {
      std::tie(error, std::ignore) = co_await asio::async_write(stream_, bytes, kTuple);
    }
    if (error) phase_ = Phase::kBroken;
    co_return Gone(error);
  }

  // Reads on for a moment, so that a peer that is still sending sees the refusal and not a reset.
  asio::awaitable<void> Linger() {
    stream_.expires_after(kLinger);
    boost::system::error_code error;
    std::size_t taken = 0;
    buffer_.clear();
    while (!error && taken < kLingerBytes) {
      std::size_t size = 0;
      std::tie(error, size) = co_await stream_.async_read_some(buffer_.prepare(kReadAhead), kTuple);
      taken += size;
    }
  }

  template <typename Message>
  void Fill(Message& message, const ReplyHead& head) const {
    message.version(version_);
    message.result(static_cast<unsigned>(head.status));
    if (!head.content_type.empty()) message.set(wire::field::content_type, head.content_type);
    for (const auto& [name, value] : head.headers) {
      if (IsOneLine(name) && IsOneLine(value)) message.insert(name, value);
    }
    message.keep_alive(keep_alive_);
  }

  const HttpServerOptions& options_;
  const Handler& handler_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  Request request_;

  Phase phase_ = Phase::kNew;
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool chunked_ = false;
  bool unread_ = false;
  unsigned version_ = 11;
  std::optional<std::uint64_t> left_;
};

}  // namespace

std::unique_ptr<Connection> MakeConnection(boost::asio::ip::tcp::socket socket, const HttpServerOptions& options,
                                           const Handler& handler) {
  return std::make_unique<BeastConnection>(std::move(socket), options, handler);
}

}  // namespace easel::http
