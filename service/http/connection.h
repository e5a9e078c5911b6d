#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/http_server.h"
#include "http/responder.h"

namespace easel::http {

// One accepted connection. Everything happens on the socket's executor, which must be a strand.
class Connection {
 public:
  virtual ~Connection() = default;

  // Reads requests and has them answered until either side ends it. Called once.
  virtual boost::asio::awaitable<void> Serve() = 0;

  // Closes the socket; what is pending on it fails.
  virtual void Close() = 0;
};

// `options` and `handler` must outlive the connection.
std::unique_ptr<Connection> MakeConnection(boost::asio::ip::tcp::socket socket, const HttpServerOptions& options,
                                           const Handler& handler);

}  // namespace easel::http
