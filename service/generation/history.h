#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "easel/v1/image.pb.h"
#include "easel/v1/model.pb.h"

namespace easel::generation {

// How long the upstream took lately, by model, quality and megapixels: what estimates are made of. Thread-safe.
class History {
 public:
  // The upstream took `duration` from submission to the image's URL.
  void Record(const v1::ImageSpec& spec, absl::Duration duration);

  // What to expect; none before anything was seen.
  std::optional<absl::Duration> Typical(const v1::ImageSpec& spec) const;

  // The quickest that was seen lately, once there is enough history to call anything less hopeless.
  std::optional<absl::Duration> Quickest(const v1::ImageSpec& spec) const;

 private:
  using Key = std::pair<std::string, std::int64_t>;  // model; quality and megapixels
  struct Seen {
    absl::Duration average;
    absl::Duration quickest;
    int count = 0;
  };
  static Key KeyOf(const v1::ImageSpec& spec);

  mutable std::mutex mutex_;
  std::map<Key, Seen> seen_;
};

// Typical, or the figure that Z.AI publishes for the quality (20 s and 8 s).
absl::Duration Expected(const History& history, const v1::ImageSpec& spec);

}  // namespace easel::generation
