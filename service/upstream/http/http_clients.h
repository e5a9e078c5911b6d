#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "upstream/http/http_client.h"

namespace easel::upstream {

// Which HttpClient belongs to which loop: what an object shared by several loops holds instead of a client. Thread-safe.
class HttpClients {
 public:
  virtual ~HttpClients() = default;

  // The client of the loop behind `executor` (as co_await this_coro::executor gives it). The loop must be one of those
  // that this was made for; the process ends with a message otherwise.
  virtual HttpClient& For(const boost::asio::any_io_executor& executor) = 0;
};

}  // namespace easel::upstream
