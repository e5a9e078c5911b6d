#include "upstream/http/curl_clients.h"

#include <cstdio>
#include <cstdlib>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

namespace easel::upstream {

CurlClients::CurlClients(std::span<boost::asio::io_context* const> loops, const CurlOptions& options) {
  for (boost::asio::io_context* loop : loops) clients_.emplace_back(loop, std::make_unique<CurlClient>(*loop, options));
}

HttpClient& CurlClients::For(const boost::asio::any_io_executor& executor) {
  const boost::asio::execution_context* context = &boost::asio::query(executor, boost::asio::execution::context);
  for (const auto& [loop, client] : clients_) {
    if (loop == context) return *client;
  }
  std::fputs("easel: an upstream request was made outside of the service's loops\n", stderr);
  std::abort();
}

}  // namespace easel::upstream
