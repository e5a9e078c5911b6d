#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace easel::simulation {

// All chance of a run, out of one number: the same on every machine. For one thread.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Bits() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

  // 0 to `count` - 1; `count` is at least 1.
  int Below(int count) { return static_cast<int>(Bits() % static_cast<std::uint64_t>(count)); }

  bool Chance(double probability) { return static_cast<double>(Bits() >> 11) * 0x1.0p-53 < probability; }

  // To the nanosecond, so that two things hardly ever fall together.
  absl::Duration Between(absl::Duration from, absl::Duration to) {
    const std::int64_t span = absl::ToInt64Nanoseconds(to - from) + 1;
    return from + absl::Nanoseconds(static_cast<std::int64_t>(Bits() % static_cast<std::uint64_t>(span)));
  }

  template <typename T, std::size_t N>
  const T& Of(const T (&choices)[N]) {
    return choices[Bits() % N];
  }

 private:
  std::uint64_t state_;
};

}  // namespace easel::simulation
