#include <algorithm>

#include "generation/admission.h"
#include "generation/admission_waiter.h"

namespace easel::generation {

void Admission::Share(int rank, int count) {
  {
    const std::lock_guard lock(mutex_);
    rank_ = rank;
    count_ = count;
    ApplyLimits();
  }
  Dispatch();
}

Governor::Limits Admission::OwnLimits() const {
  // At least one, if there is any.
  const auto part = [this](int whole) {
    return std::max(std::min(1, whole), whole / count_ + (rank_ < whole % count_ ? 1 : 0));
  };
  return {.start = part(limits_.start), .max = part(limits_.max)};
}

void Admission::ApplyLimits() {
  for (Lane& lane : lanes_) {
    lane.governor.SetLimits(OwnLimits());
    ShowLane(lane);
  }
}

}  // namespace easel::generation
