#pragma once

#include "absl/time/time.h"

namespace easel::generation {

// How many submissions to an upstream may repeat what failed there before: one for every five first submissions, and two a
// second besides, of which twenty can be saved up. An upstream in trouble is thus not asked many times for each image.
// What it refuses as too much (1302, 1305) is paced by the Governor and not counted here. Not thread-safe: Admission holds
// the lock.
class RetryBudget {
 public:
  static constexpr double kForEachFirst = 0.2;
  static constexpr double kEachSecond = 2;
  static constexpr double kSaved = 20;

  bool Has(absl::Time now) const { return Saved(now) >= 1 - 1e-9; }
  // When there is one, if nothing is earned till then.
  absl::Time Next(absl::Time now) const;

  // A first submission, and a repetition.
  void Earn(absl::Time now) { Set(Saved(now) + kForEachFirst, now); }
  void Spend(absl::Time now) { Set(Saved(now) - 1, now); }

 private:
  double Saved(absl::Time now) const;
  void Set(double saved, absl::Time now);

  double saved_ = kSaved;
  absl::Time at_ = absl::InfinitePast();
};

}  // namespace easel::generation
