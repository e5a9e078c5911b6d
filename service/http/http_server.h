#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "absl/status/statusor.h"
#include "http/responder.h"

namespace easel::http {

struct HttpServerOptions {
  std::size_t max_header_bytes = 16 * 1024;        // more: 431
  std::uint64_t max_body_bytes = 1024 * 1024;      // more: 413
  std::chrono::milliseconds idle_timeout{60'000};  // for the next request to begin, and again for its body to arrive
  std::chrono::milliseconds header_timeout{10'000};  // for the rest of a request's head, once its first byte is there
  std::chrono::milliseconds write_timeout{60'000}; // for the peer to take one written piece
};

// A small HTTP/1.1 server: keep-alive, HEAD, chunked and sized bodies, Expect: 100-continue. No TLS, no compression.
//
// Runs on the given executor, which other threads must be running and which must outlive this object; each connection
// has its own strand, so any number of threads will do.
class HttpServer {
 public:
  HttpServer(boost::asio::any_io_executor executor, HttpServerOptions options, Handler handler);
  ~HttpServer();  // Stop()

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds "host:port" ("127.0.0.1:8080", "[::1]:0", "localhost:0"), begins to serve and answers with the bound port. Port 0
  // takes a free one. Blocks while a name is resolved. Called at most once. INVALID_ARGUMENT for what is no address,
  // FAILED_PRECONDITION if it is in use or may not be bound.
  absl::StatusOr<std::uint16_t> Listen(const std::string& address);

  // "host:port" as bound, with brackets around an IPv6 host; empty before Listen.
  const std::string& address() const { return address_; }

  // Closes the listener and all connections, cancels what the handlers await, and returns when the last handler has
  // ended. From any thread that does not run the executor; more than once does no harm.
  void Stop();

 private:
  class State;
  std::shared_ptr<State> state_;
  std::string address_;
};

}  // namespace easel::http
