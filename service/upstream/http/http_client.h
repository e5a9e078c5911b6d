#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include "absl/time/time.h"

namespace easel::upstream {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpTimeouts {
  // For name, connection and TLS together.
  absl::Duration connect = absl::Seconds(8);
  // For the whole transfer, connecting and the reader's own pauses included. Not positive: the request is not sent.
  absl::Duration total = absl::InfiniteDuration();
  // The transfer fails when it brings fewer bytes a second than this for so long (whole seconds). 0: never.
  std::int64_t low_speed_bytes = 0;
  absl::Duration low_speed_time = absl::ZeroDuration();
};

// Which addresses may be connected to. Asked on the loop's thread; must not block.
using AddressFilter = std::function<bool(const boost::asio::ip::address&)>;

struct HttpRequest {
  enum class Method { kGet, kPost, kPut, kDelete };

  Method method = Method::kGet;
  // http or https; path and query go out byte for byte.
  std::string url;
  std::vector<HttpHeader> headers;
  // Only with kPost and kPut. Sent at most once: a request whose connection breaks is never repeated by this layer.
  std::string body;
  HttpTimeouts timeouts;
  // Empty: every address. Asked for each address before it is connected to, and again for a connection that is reused.
  // Not asked where a proxy is configured: there, the proxy resolves the name.
  AddressFilter address_allowed;
};

struct HttpHead {
  int status = 0;
  std::vector<HttpHeader> headers;

  // The value of the first header of this name, in any case.
  std::optional<std::string_view> Find(std::string_view name) const;
};

// No complete reply.
struct HttpFailure {
  enum class Kind {
    kInvalid,         // the request cannot be sent as it is: its URL, for example
    kDns,
    kConnect,
    kAddressRefused,  // every address was refused by `address_allowed`
    kTls,
    kTimeout,
    kCut,             // the connection broke, or what came is not HTTP
    kTooLarge,        // the reply is larger than it may be
    kCancelled,       // the calling coroutine was cancelled, or the client was stopped
  };

  Kind kind = Kind::kCut;
  // False: certainly not a byte of the request left. True: the server may have it and may act on it.
  bool sent = false;
  // The reply's status where its head arrived before the failure, else 0.
  int status = 0;
  // For people, in English, without path and query of the URL.
  std::string message;
};

struct HttpReply {
  HttpHead head;
  std::string body;
};

template <typename T>
using HttpResult = std::variant<T, HttpFailure>;

// A reply whose body is read as it arrives. Destroying it closes the connection unless the body is at its end. Used by
// one coroutine at a time, on the loop of the client that opened it.
class HttpStream {
 public:
  virtual ~HttpStream() = default;

  virtual const HttpHead& head() const = 0;

  // What has arrived, at most about 80 KiB; empty at the end of the body. The sender is held back while about 64 KiB
  // wait here.
  virtual boost::asio::awaitable<HttpResult<std::string>> Read() = 0;
};

// HTTP requests on one loop: to be used from coroutines that run there. Every operation completes exactly once; when the
// calling coroutine is cancelled (terminal), it completes with kCancelled and the connection is closed. Nothing throws,
// redirects are not followed, nothing is retried.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // The whole reply; kTooLarge if its body has more than `max_body_bytes`.
  virtual boost::asio::awaitable<HttpResult<HttpReply>> Send(HttpRequest request, std::size_t max_body_bytes) = 0;

  // The reply's head, with its body still to be read.
  virtual boost::asio::awaitable<HttpResult<std::unique_ptr<HttpStream>>> Open(HttpRequest request) = 0;
};

}  // namespace easel::upstream
