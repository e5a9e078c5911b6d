#include "generation/history.h"

#include <algorithm>

namespace easel::generation {
namespace {

// A fifth of each new figure goes into the average, so that it follows an upstream that slows down within minutes.
constexpr double kWeight = 0.2;
// The quickest figure fades towards the average, so that one lucky answer does not rule for ever.
constexpr double kFade = 0.02;
constexpr int kEnough = 5;

}  // namespace

History::Key History::KeyOf(const v1::ImageSpec& spec) {
  const std::int64_t pixels = std::int64_t{spec.size().width()} * spec.size().height();
  return {spec.model(), spec.quality() * 1000 + pixels / 1'000'000};
}

void History::Record(const v1::ImageSpec& spec, absl::Duration duration) {
  const std::lock_guard lock(mutex_);
  Seen& seen = seen_[KeyOf(spec)];
  if (seen.count++ == 0) {
    seen.average = seen.quickest = duration;
    return;
  }
  seen.average += (duration - seen.average) * kWeight;
  seen.quickest = std::min(duration, seen.quickest + (seen.average - seen.quickest) * kFade);
}

std::optional<absl::Duration> History::Typical(const v1::ImageSpec& spec) const {
  const std::lock_guard lock(mutex_);
  const auto it = seen_.find(KeyOf(spec));
  if (it == seen_.end()) return std::nullopt;
  return it->second.average;
}

std::optional<absl::Duration> History::Quickest(const v1::ImageSpec& spec) const {
  const std::lock_guard lock(mutex_);
  const auto it = seen_.find(KeyOf(spec));
  if (it == seen_.end() || it->second.count < kEnough) return std::nullopt;
  return it->second.quickest;
}

absl::Duration Expected(const History& history, const v1::ImageSpec& spec) {
  return history.Typical(spec).value_or(absl::Seconds(spec.quality() == v1::QUALITY_HD ? 20 : 8));
}

}  // namespace easel::generation
