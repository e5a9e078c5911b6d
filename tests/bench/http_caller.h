#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/curl_loop.h"
#include "tests/bench/load.h"
#include "tests/bench/transfers.h"

namespace easel::bench {

struct HttpOptions {
  std::string url;
  // Lines such as "Authorization: Bearer key".
  std::vector<std::string> headers;
  // What is sent to `url`; empty: `url` is fetched, and nothing is posted.
  std::string body;
};

// The load's calls over HTTP by curl: POST `body`, take the first "url" from the reply, GET it.
class HttpCaller final : public Caller {
 public:
  HttpCaller(const HttpOptions& options, std::size_t slots);
  ~HttpCaller() override;

  void Start(std::size_t slot) override;
  void Serve(Clock::time_point until, CallEnds& ends) override;

 private:
  class Visit;

  const HttpOptions options_;
  CurlLoop loop_;
  Transfers transfers_;
  std::vector<std::unique_ptr<Visit>> visits_;
  // While Serve runs.
  CallEnds* ends_ = nullptr;
};

}  // namespace easel::bench
