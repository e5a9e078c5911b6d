#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace easel::generation {

// A bucket of starts, as it was when it was last filled.
struct StartBucket {
  double left = -1;  // less than 0: never asked
  absl::Time filled = absl::InfinitePast();
  bool operator==(const StartBucket&) const = default;
};

// What a caller has, before it begins another generation.
struct CallerUsage {
  int in_flight = 0;
  // Spent today, or set aside for what is in flight; millionths of the currency of the price that is asked about.
  std::int64_t money_micros = 0;
  StartBucket starts = {};
};

}  // namespace easel::generation
