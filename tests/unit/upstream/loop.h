#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <span>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "upstream/http/curl_clients.h"

namespace easel::upstream {

// A loop that the test's own thread runs, with a CurlClient.
class Loop {
 public:
  explicit Loop(CurlOptions options = {}) : contexts_{&io_}, clients_(contexts_, options) {}

  boost::asio::io_context& io() { return io_; }
  CurlClients& clients() { return clients_; }
  HttpClient& client() { return clients_.For(io_.get_executor()); }

  // Runs until `operation` and everything else on the loop has ended.
  template <typename T>
  T Run(boost::asio::awaitable<T> operation) {
    std::optional<T> result;
    Spawn(std::move(operation), result);
    io_.restart();
    io_.run();
    return *std::move(result);
  }

  // Begins; the result appears once the loop ran far enough.
  template <typename T>
  void Spawn(boost::asio::awaitable<T> operation, std::optional<T>& result) {
    boost::asio::co_spawn(io_, std::move(operation), [&result](std::exception_ptr error, T value) {
      if (error) std::rethrow_exception(error);
      result.emplace(std::move(value));
    });
  }

  template <typename T>
  void Spawn(boost::asio::awaitable<T> operation, std::optional<T>& result, boost::asio::cancellation_signal& cancel) {
    auto done = [&result](std::exception_ptr error, T value) {
      if (error) std::rethrow_exception(error);
      result.emplace(std::move(value));
    };
    boost::asio::co_spawn(io_, std::move(operation), boost::asio::bind_cancellation_slot(cancel.slot(), std::move(done)));
  }

  template <typename Predicate>
  void RunUntil(Predicate holds) {
    while (!holds()) {
      io_.restart();
      io_.run_for(std::chrono::milliseconds(1));
    }
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::io_context* contexts_[1];
  CurlClients clients_;
};

inline HttpRequest Get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

inline HttpRequest Post(std::string url, std::string body) {
  HttpRequest request = Get(std::move(url));
  request.method = HttpRequest::Method::kPost;
  request.body = std::move(body);
  return request;
}

}  // namespace easel::upstream
