#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "easel/v1/error.pb.h"
#include "easel/v1/generation.pb.h"
#include "easel/v1/image.pb.h"

namespace easel::generation {

// Whether a failed request cost something: what a retry has to know.
enum class Taken {
  kNo,       // refused, or never sent
  kYes,      // the upstream has it
  kUnknown,  // sent, and no answer says
};

// A failure at the upstream, classified once, where the wire format is known.
struct UpstreamError {
  v1::ErrorReason reason = v1::ERROR_REASON_INTERNAL;
  Taken taken = Taken::kUnknown;
  // The upstream's own code, as "1302"; or "http_502", "timeout", "connection", "dns", "tls"; never empty.
  std::string code;
  // 0 where no HTTP answer came.
  int http_status = 0;
  // For people, in English; without prompt, key or query strings.
  std::string message;
  // What the upstream asked for (Retry-After).
  std::optional<absl::Duration> retry_after;
  std::vector<v1::ContentFilter> content_filter;
  // The work was interrupted by cancellation of the calling coroutine; `taken` says what is known.
  bool cancelled = false;
};

// The upstream works on it under this id.
struct TaskAccepted {
  std::string task_id;
};

// The image is at `url`, exactly as the upstream spelled it.
struct ImageReady {
  std::string url;
  // When the URL stops answering, where it says so itself.
  std::optional<absl::Time> expire_time = std::nullopt;
  std::vector<v1::ContentFilter> content_filter;
};

struct StillRendering {};

// What goes with a submission beside its spec. Lives as long as the call.
struct SubmitIds {
  // For an upstream that rejects duplicates; empty: none.
  std::string_view submit_id = {};
  // The attempt's place in the caller's trace, W3C traceparent; empty: none.
  std::string_view traceparent = {};
};

using Submission = std::variant<TaskAccepted, ImageReady, UpstreamError>;
using PollResult = std::variant<StillRendering, ImageReady, UpstreamError>;

// Takes an image's bytes as they arrive.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Called once, before any byte of an attempt; `size_bytes` where the sender named it.
  virtual boost::asio::awaitable<absl::Status> Begin(std::optional<std::int64_t> size_bytes) = 0;
  // The next piece; the sender is held back until this returns. An error ends the transfer.
  virtual boost::asio::awaitable<absl::Status> Append(std::string_view chunk) = 0;
};

// How a download ended.
struct Fetched {
  enum class Outcome {
    kComplete,
    kRetry,        // not there yet (404), cut, refused for now: try again
    kExpired,      // 403 or 410: this URL will not answer any more; a task can be asked for a fresh one
    kForbidden,    // the URL, a redirect or an address is not allowed, or the body is over the size cap
    kSinkFailed,   // the sink's error is in `status`
    kCancelled,
  };
  Outcome outcome = Outcome::kRetry;
  // For people; without query strings. OK when complete.
  absl::Status status;
};

// One account at an upstream that makes images: a base URL and a key. Thread-safe; operations run on the calling
// coroutine's executor, which is one of the service's loops, and stop early when that coroutine is cancelled (the
// connection is closed). Nothing here retries: decorators and the lifecycle do.
class ImageModel {
 public:
  virtual ~ImageModel() = default;

  // The base URL, and 8 hexadecimal digits that tell keys apart.
  virtual const std::string& upstream() const = 0;
  virtual const std::string& key_fingerprint() const = 0;

  // Whether Submit returns a task for this spec (else it answers with the image).
  virtual bool UsesTasks(const v1::ImageSpec& spec) const = 0;

  // Sends exactly one request, or none.
  virtual boost::asio::awaitable<Submission> Submit(const v1::ImageSpec& spec, SubmitIds ids) = 0;

  virtual boost::asio::awaitable<PollResult> Poll(std::string_view task_id) = 0;

  // Downloads `url` into `sink`. One attempt.
  virtual boost::asio::awaitable<Fetched> Fetch(std::string_view url, ByteSink& sink) = 0;
};

}  // namespace easel::generation
