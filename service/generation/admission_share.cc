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
    for (auto& [model, queue] : queues_) queue.elsewhere = 0;
  }
  Dispatch();
}

void Admission::CountElsewhere(const std::map<std::string, int, std::less<>>& waiting) {
  const std::lock_guard lock(mutex_);
  for (auto& [model, queue] : queues_) {
    const auto found = waiting.find(model);
    queue.elsewhere = found == waiting.end() ? 0 : found->second;
  }
}

bool Admission::HasPart() const {
  const std::lock_guard lock(mutex_);
  return OwnLimits().max > 0;
}

Governor::Limits Admission::OwnLimits() const {
  const auto part = [this](int whole) { return whole / count_ + (rank_ < whole % count_ ? 1 : 0); };
  const int max = part(limits_.max);
  // Whoever may have any begins with one.
  return {.start = std::max(part(limits_.start), std::min(1, max)), .max = max};
}

void Admission::ApplyLimits() {
  for (Lane& lane : lanes_) {
    lane.governor.SetLimits(OwnLimits());
    ShowLane(lane);
  }
}

}  // namespace easel::generation
