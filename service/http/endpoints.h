#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "http/image_endpoint.h"
#include "http/responder.h"
#include "http/signed_image_links.h"

namespace easel::http {

// What the service answers over plain HTTP: GET and HEAD of
//   /             what there is, as text
//   /metrics      Prometheus' text format, with easel_ready{part} for each check
//   /healthz      200 while the process lives
//   /readyz       200 while it can do its work, else 503 with a line for each cause
//   /images/{id}  see ImageEndpoint
// Thread-safe. References outlive it.
class Endpoints {
 public:
  // Something that must be OK for the service to be ready. `name` begins the line that says why not, and is the `part` of
  // easel_ready.
  struct Check {
    std::string name;
    std::function<boost::asio::awaitable<absl::Status>()> check;
  };

  Endpoints(const SignedImageLinks& links, ImageSource images, std::vector<Check> checks,
            std::function<std::string()> metrics_text);

  // As an HttpServer's handler.
  boost::asio::awaitable<void> Handle(const Request& request, Responder& responder);

  // From here on /readyz says that the service is shutting down. /healthz still answers 200.
  void StartDraining() { draining_ = true; }

 private:
  boost::asio::awaitable<void> SendMetrics(Responder& responder);
  boost::asio::awaitable<void> SendReadiness(Responder& responder);

  const ImageEndpoint images_;
  const std::vector<Check> checks_;
  const std::function<std::string()> metrics_text_;
  std::atomic<bool> draining_ = false;
};

}  // namespace easel::http
