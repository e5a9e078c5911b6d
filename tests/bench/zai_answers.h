#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "tests/bench/http_loop.h"
#include "tests/bench/png_mould.h"

namespace easel::bench {

struct ZaiOptions {
  // From a POST to its answer, or to the end of its task.
  std::chrono::microseconds delay{0};
  // From a poll to its answer.
  std::chrono::microseconds poll_delay{0};
  std::int64_t image_bytes = 4096;
  // The part of the POSTs that are answered with a fault: a refusal, an overload and a broken gateway by turns.
  double fault_share = 0;
};

// Shared by all threads.
struct ZaiCounts {
  std::atomic<std::uint64_t> posts{0};
  std::atomic<std::uint64_t> tasks{0};
  std::atomic<std::uint64_t> polls{0};
  std::atomic<std::uint64_t> images{0};
  // Of images and tasks; begins differently in each process, so that no image of an earlier one comes again.
  std::atomic<std::uint64_t> next_number{0};
};

// Z.AI's image API with nothing behind it. It keeps no state: a task's id says when it ends, an image's URL says what it is.
// A prompt may hold "delay=20s" or "bytes=1500000" for itself. For one thread.
//   POST .../async/images/generations    a task
//   GET  .../async-result/ID             the task
//   POST .../images/generations          an image's URL, below any prefix, so that OpenAI's path works too
//   GET  /i/NUMBER-WIDTHxHEIGHT-BYTES.png
//   GET  /stats
class ZaiAnswers : public HttpAnswers {
 public:
  // `host` is what image URLs begin with, as "127.0.0.1:1234".
  ZaiAnswers(const ZaiOptions& options, std::string host, ZaiCounts& counts);

  void Answer(const HttpRequest& request, HttpAnswer& answer) override;

 private:
  struct Order {
    std::chrono::microseconds delay{0};
    std::string_view model;
    std::string_view request_id;
    // As a URL and a task's id have it: "WIDTHxHEIGHT-BYTES".
    std::string shape;
  };

  bool SendFault(HttpAnswer& answer);
  Order ReadOrder(std::string_view body) const;
  void Make(const HttpRequest& request, HttpAnswer& answer);
  void StartTask(const HttpRequest& request, HttpAnswer& answer);
  void Poll(std::string_view id, HttpAnswer& answer);
  void SendImage(std::string_view name, HttpAnswer& answer);
  void SendStats(HttpAnswer& answer);
  const PngMould* Mould(int width, int height, std::int64_t bytes);

  const ZaiOptions options_;
  const std::string host_;
  ZaiCounts& counts_;
  double faults_due_ = 0;
  std::uint64_t faults_ = 0;
  std::map<std::tuple<int, int, std::int64_t>, std::unique_ptr<PngMould>> moulds_;
};

}  // namespace easel::bench
