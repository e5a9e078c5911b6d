#include "tests/bench/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace easel::bench {
namespace {

// Each power of two is cut into so many equal steps.
constexpr int kStepBits = 9;
constexpr std::uint64_t kSteps = 1U << kStepBits;

std::size_t StepOf(std::uint64_t value) {
  if (value < kSteps) return static_cast<std::size_t>(value);
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - kStepBits;
  return static_cast<std::size_t>(static_cast<std::uint64_t>(shift) * kSteps + (value >> shift));
}

double MiddleOf(std::size_t step) {
  if (step < 2 * kSteps) return static_cast<double>(step);
  const auto shift = step / kSteps - 1;
  const auto low = static_cast<double>(step - shift * kSteps);
  return std::ldexp(low + 0.5, static_cast<int>(shift));
}

}  // namespace

Latency::Latency() : seen_(StepOf(~std::uint64_t{0}) + 1) {}

void Latency::Add(std::chrono::nanoseconds time) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count()));
  const double ms = static_cast<double>(value) * 1e-6;
  ++seen_[StepOf(value)];
  ++count_;
  sum_ms_ += ms;
  max_ms_ = std::max(max_ms_, ms);
}

void Latency::Add(const Latency& other) {
  std::transform(seen_.begin(), seen_.end(), other.seen_.begin(), seen_.begin(), std::plus<>());
  count_ += other.count_;
  sum_ms_ += other.sum_ms_;
  max_ms_ = std::max(max_ms_, other.max_ms_);
}

double Latency::Quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t passed = 0;
  for (std::size_t step = 0; step < seen_.size(); ++step) {
    passed += seen_[step];
    if (passed >= wanted && passed > 0) return std::min(MiddleOf(step) * 1e-6, max_ms_);
  }
  return 0;
}

}  // namespace easel::bench
