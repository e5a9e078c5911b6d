#include "generation/governor.h"

#include <algorithm>
#include <utility>

namespace easel::generation {
namespace {

// Several requests in flight meet the same limit at once: that is one piece of news.
constexpr absl::Duration kOneRound = absl::Seconds(1);

// Overload lasts for minutes: asking sooner is of no use, and asking later than this wastes its end.
constexpr absl::Duration kShortestOverload = absl::Seconds(30);
constexpr absl::Duration kLongestOverload = absl::Seconds(120);

absl::Duration OverloadPause(int round, std::uint64_t random) {
  const absl::Duration pause = Jittered(std::min(round, 4) * kShortestOverload, random);
  return std::clamp(pause, kShortestOverload, kLongestOverload);
}

}  // namespace

void Governor::SetLimits(Limits limits) {
  if (limits.start != limits_.start) limit_ = limits.start;
  limit_ = std::min<double>(limit_, limits.max);
  limits_ = limits;
}

bool Governor::HasRoom(absl::Time now) const {
  if (paused(now)) return false;
  return in_flight_ < (set_aside_ ? 1 : limit());
}

void Governor::Learn(Answer answer, std::optional<absl::Duration> retry_after, absl::Time now, std::uint64_t random) {
  switch (answer) {
    case Answer::kTaken:
      if (std::exchange(set_aside_, false)) paused_until_ = now;
      busy_rounds_ = overloaded_rounds_ = refused_rounds_ = 0;
      if (in_flight_ >= limit()) limit_ = std::min<double>(limits_.max, limit_ + 1 / limit_);
      return;
    case Answer::kBusy:
      if (now - halved_at_ >= kOneRound) {
        halved_at_ = now;
        limit_ = std::min<double>(limits_.max, std::max(1.0, std::min<double>(limit_, in_flight_) / 2));
        ++busy_rounds_;
      }
      Pause(now + retry_after.value_or(Jittered(Doubled(absl::Seconds(1), busy_rounds_ - 1, absl::Seconds(30)), random)));
      return;
    case Answer::kOverloaded:
      if (now >= paused_until_) ++overloaded_rounds_;
      Pause(now + retry_after.value_or(OverloadPause(overloaded_rounds_, random)));
      return;
    case Answer::kRefusedKey:
      if (!set_aside_ || now >= paused_until_) ++refused_rounds_;
      set_aside_ = true;
      Pause(now + Doubled(absl::Minutes(1), refused_rounds_ - 1, absl::Minutes(15)));
      return;
    case Answer::kFailed:
    case Answer::kUnanswered:
    case Answer::kOther:
      return;
  }
}

void Governor::Pause(absl::Time until) { paused_until_ = std::max(paused_until_, until); }

absl::Duration Jittered(absl::Duration duration, std::uint64_t random) {
  return duration * (0.75 + 0.5 * static_cast<double>(random % 1024) / 1024);
}

absl::Duration Doubled(absl::Duration first, int times, absl::Duration last) {
  return std::min(last, first * static_cast<double>(std::int64_t{1} << std::clamp(times, 0, 20)));
}

}  // namespace easel::generation
