#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "absl/time/time.h"
#include "generation/ports/clock.h"
#include "generation/wakeup.h"
#include "telemetry/span_queue.h"
#include "upstream/http/http_clients.h"

namespace easel::app {

// Sends the spans of ended generations to a collector, by OTLP/HTTP with JSON, every few seconds. What the collector does not
// take at the second try is lost, and said.
class SpanExporter {
 public:
  struct Options {
    // As OTEL_EXPORTER_OTLP_ENDPOINT: /v1/traces is added.
    std::string endpoint;
    // Secret. As OTEL_EXPORTER_OTLP_HEADERS: "name=value,name=value".
    std::string headers;
    std::string version;
    // Told, at most once for each sending, how many spans were lost and why. Any of the service's loops.
    std::function<void(std::int64_t spans, const std::string& why)> on_loss;
  };
  SpanExporter(Options options, upstream::HttpClients& clients, generation::Clock& clock);

  // Any thread; never waits.
  void Add(const record::v1::Record& record) { queue_.Add(telemetry::SpansOf(record)); }

  // Sends every few seconds, until the coroutine is cancelled or its loop ends. Run and Flush on one loop of one thread.
  boost::asio::awaitable<void> Run();
  // Sends what waits, in seconds or not at all.
  boost::asio::awaitable<void> Flush();

 private:
  boost::asio::awaitable<std::string> Send(const std::string& body);

  const Options options_;
  upstream::HttpClients& clients_;
  generation::Clock& clock_;
  telemetry::SpanQueue queue_;
  // On one loop.
  bool sending_ = false;
  std::shared_ptr<generation::Wakeup> idle_;  // of who waits for it
};

}  // namespace easel::app
