#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "telemetry/otlp.h"

namespace easel::telemetry {

// Spans that wait to be sent. What does not fit is dropped and counted: traces never hold up an image. Thread-safe.
class SpanQueue {
 public:
  static constexpr std::size_t kRoom = 8192;

  void Add(std::vector<Span> spans) {
    const std::lock_guard lock(mutex_);
    for (Span& span : spans) {
      if (waiting_.size() < kRoom) {
        waiting_.push_back(std::move(span));
      } else {
        ++dropped_;
      }
    }
  }

  std::vector<Span> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

  // Since the last time it was asked.
  std::int64_t TakeDropped() {
    const std::lock_guard lock(mutex_);
    return std::exchange(dropped_, 0);
  }

 private:
  std::mutex mutex_;
  std::vector<Span> waiting_;
  std::int64_t dropped_ = 0;
};

}  // namespace easel::telemetry
