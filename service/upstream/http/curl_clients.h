#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

#include "upstream/http/curl_client.h"
#include "upstream/http/http_clients.h"

namespace easel::upstream {

// A CurlClient for each of the service's loops, made at start. To be destroyed when no loop runs any more and before the
// io_contexts are.
class CurlClients : public HttpClients {
 public:
  CurlClients(std::span<boost::asio::io_context* const> loops, const CurlOptions& options);

  HttpClient& For(const boost::asio::any_io_executor& executor) override;

 private:
  std::vector<std::pair<const boost::asio::execution_context*, std::unique_ptr<CurlClient>>> clients_;
};

}  // namespace easel::upstream
