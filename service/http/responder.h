#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "http/request.h"

namespace easel::http {

struct ReplyHead {
  int status = 200;
  std::string content_type;  // no such header if empty
  HeaderList headers;        // besides Content-Type, Content-Length, Transfer-Encoding and Connection; a value with a line
                             // break is left out
};

// Answers one request; lives as long as the handler's call. Used on the connection's own strand, where the handler runs,
// with one operation at a time. Every operation that writes comes back once the bytes are with the kernel, so a slow peer
// slows the handler; it answers UNAVAILABLE if the peer is gone or does not read within the write timeout, and then no
// later operation does anything. For HEAD the same calls are right: bodies are counted and not sent.
class Responder {
 public:
  virtual ~Responder() = default;

  // The whole reply at once.
  virtual boost::asio::awaitable<absl::Status> Send(ReplyHead head, std::string body) = 0;

  // A reply in pieces: Start, Write any number of times, Finish. Without a length it goes out chunked (for HTTP/1.0: ended
  // by closing). A stream that the handler leaves without Finish, or short of its length, is cut: the peer sees the break.
  virtual boost::asio::awaitable<absl::Status> Start(ReplyHead head, std::optional<std::uint64_t> content_length) = 0;
  virtual boost::asio::awaitable<absl::Status> Write(std::string_view piece) = 0;
  virtual boost::asio::awaitable<absl::Status> Finish() = 0;

  // Closes the connection as it stands: without an answer, or in the middle of one.
  virtual void Abort() = 0;

  // Comes back when the peer has closed its side or the server stops. For handlers that have nothing to say.
  virtual boost::asio::awaitable<void> PeerGone() = 0;
};

// Called once for each request, as a coroutine on the connection's strand; both arguments outlive it. An exception becomes a
// 500 (or a cut stream), as does returning without an answer. When the server stops, whatever the handler awaits is
// cancelled and its next co_await throws: hold nothing that a destructor does not give back.
using Handler = std::function<boost::asio::awaitable<void>(const Request&, Responder&)>;

}  // namespace easel::http
