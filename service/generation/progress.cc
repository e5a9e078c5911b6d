#include "generation/progress.h"

#include <algorithm>

#include "generation/time.h"

namespace easel::generation {
namespace {

// The end is not promised before it is there.
constexpr double kAlmost = 0.97;

}  // namespace

v1::Progress EstimateProgress(const v1::Generation& generation, const Admission& admission, const History& history,
                              absl::Time now) {
  v1::Progress progress;
  const v1::ImageSpec& spec = generation.spec();
  const absl::Duration typical = Expected(history, spec);
  if (generation.state() == v1::GENERATION_STATE_QUEUED) {
    const auto position = admission.Position(generation.name());
    if (position) progress.set_queue_position(*position);
    *progress.mutable_expected_end_time() = ToProto(now + admission.ExpectedWait(spec.model(), typical) + typical);
    return progress;
  }
  const absl::Time began =
      generation.attempts().empty() ? now : FromProto(generation.attempts().rbegin()->start_time());
  *progress.mutable_expected_end_time() = ToProto(std::max(now, began + typical));
  progress.set_fraction(generation.state() == v1::GENERATION_STATE_FETCHING
                            ? kAlmost
                            : std::clamp(absl::FDivDuration(now - began, typical), 0.0, kAlmost - 0.02));
  return progress;
}

}  // namespace easel::generation
