#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace easel::bench {

// How often which time was seen, each to 0.2 %.
class Latency {
 public:
  Latency();

  void Add(std::chrono::nanoseconds time);
  void Add(const Latency& other);

  // Milliseconds; `share` as 0.99. 0 if nothing was seen.
  double Quantile(double share) const;
  double Mean() const { return count_ == 0 ? 0 : sum_ms_ / static_cast<double>(count_); }
  double Max() const { return max_ms_; }
  std::uint64_t count() const { return count_; }

 private:
  std::vector<std::uint64_t> seen_;
  std::uint64_t count_ = 0;
  double sum_ms_ = 0;
  double max_ms_ = 0;
};

}  // namespace easel::bench
