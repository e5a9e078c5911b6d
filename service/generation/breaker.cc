#include "generation/breaker.h"

#include "generation/governor.h"

namespace easel::generation {

void Breaker::Take(absl::Time now, std::uint64_t random) {
  // The next one may try later, whatever becomes of this one: a try that is never answered blocks nobody.
  if (open_) PutOff(now, random);
}

void Breaker::Learn(bool failed, absl::Time now, std::uint64_t random) {
  if (!failed) {
    open_ = false;
    failures_ = tries_ = 0;
    return;
  }
  if (failures_++ == 0) first_failure_ = now;
  if (open_ || failures_ < kFailures || now - first_failure_ < kRun) return;
  open_ = true;
  PutOff(now, random);
}

void Breaker::PutOff(absl::Time now, std::uint64_t random) {
  next_try_ = now + Jittered(Doubled(kFirst, tries_++, kLast), random);
}

}  // namespace easel::generation
