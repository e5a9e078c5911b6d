#include "generation/retry_budget.h"

#include <algorithm>

namespace easel::generation {
namespace {

// What a rounded clock may miss.
constexpr absl::Duration kATick = absl::Milliseconds(1);

}  // namespace

absl::Time RetryBudget::Next(absl::Time now) const {
  const double missing = 1 - Saved(now);
  return missing <= 0 ? now : now + absl::Seconds(missing / kEachSecond) + kATick;
}

double RetryBudget::Saved(absl::Time now) const {
  if (at_ == absl::InfinitePast()) return saved_;
  return std::min(kSaved, saved_ + kEachSecond * std::max(0.0, absl::ToDoubleSeconds(now - at_)));
}

void RetryBudget::Set(double saved, absl::Time now) {
  saved_ = std::min(kSaved, saved);
  at_ = now;
}

}  // namespace easel::generation
