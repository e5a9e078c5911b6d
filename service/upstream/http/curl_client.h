#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "upstream/http/curl_options.h"
#include "upstream/http/http_client.h"

namespace easel::upstream {

class CurlLoop;

// HttpClient over libcurl. Made for one io_context that one thread runs; used from coroutines on it. Connections are kept
// and reused; HTTP/1.1 over cleartext, HTTP/2 where TLS offers it.
//
// A POST is sent at most once: if its connection breaks, curl itself cannot repeat it either.
class CurlClient : public HttpClient {
 public:
  explicit CurlClient(boost::asio::io_context& io, CurlOptions options = {});
  // Stops. To be called while no other thread runs the loop, and before the io_context is destroyed. Coroutines that
  // still wait are completed the next time the loop runs, or end with the io_context.
  ~CurlClient() override;

  // On the loop: completes every pending operation with kCancelled, and every later one at once.
  void Stop();

  boost::asio::awaitable<HttpResult<HttpReply>> Send(HttpRequest request, std::size_t max_body_bytes) override;
  boost::asio::awaitable<HttpResult<std::unique_ptr<HttpStream>>> Open(HttpRequest request) override;

 private:
  std::shared_ptr<CurlLoop> NextLoop();

  boost::asio::io_context& io_;
  const CurlOptions options_;
  // Curl looks at every connection of a multi handle to find an idle one: so thousands of transfers share several handles.
  std::vector<std::shared_ptr<CurlLoop>> loops_;
  bool stopped_ = false;
};

}  // namespace easel::upstream
