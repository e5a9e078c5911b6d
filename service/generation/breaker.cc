#include "generation/breaker.h"

#include "generation/governor.h"

namespace easel::generation {

void Breaker::Take(absl::Time now, std::uint64_t random) {
  // The next one may try later, whatever becomes of this one: a try that is never answered blocks nobody.
  if (open_) {
    PutOff(now, random);
  } else if (unanswered_ >= kUnanswered) {
    KeepApart(now, random);
    trying_ = true;
  }
}

void Breaker::Learn(News news, absl::Time now, std::uint64_t random) {
  if (news == News::kAnswered) {
    *this = Breaker();
    return;
  }
  if (news == News::kUnanswered && !open_) LearnUnanswered(now, random);
  if (failures_++ == 0) first_failure_ = now;
  if (open_ || failures_ < kFailures || now - first_failure_ < kRun) return;
  open_ = true;
  PutOff(now, random);
}

void Breaker::LearnUnanswered(absl::Time now, std::uint64_t random) {
  if (!trying_ && !Admits(now)) return;  // what breaks at the same moment is one piece of news
  trying_ = false;
  if (++unanswered_ >= kUnanswered) KeepApart(now, random);
}

void Breaker::KeepApart(absl::Time now, std::uint64_t random) {
  next_try_ = now + Jittered(Doubled(kApart, unanswered_ - kUnanswered, kLast), random);
}

void Breaker::PutOff(absl::Time now, std::uint64_t random) {
  next_try_ = now + Jittered(Doubled(kFirst, tries_++, kLast), random);
}

}  // namespace easel::generation
