#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace easel::generation {

// How many requests one account may have at the upstream for one model. The upstream's limit is not published and changes,
// so it is felt for: up by one for each full round of good answers, halved when the upstream says "too many". Not
// thread-safe: Admission holds the lock.
class Governor {
 public:
  struct Limits {
    int start = 2;
    int max = 32;
  };

  // What became of a submission.
  enum class Answer {
    kTaken,
    kBusy,        // 1302, 1303: over the account's limit
    kOverloaded,  // 1305, 1312: the upstream's own trouble, which lasts minutes
    kRefusedKey,  // the key or its quota is of no use
    kFailed,      // the upstream's own trouble: the Breaker's business
    kUnanswered,  // sent, and nobody knows: the Breaker's business too
    kOther,       // says nothing about the limit
  };

  explicit Governor(Limits limits) : limits_(limits), limit_(limits.start) {}

  // From here on. Another start than before is also where it stands now; what it learnt stays true otherwise.
  void SetLimits(Limits limits);

  bool HasRoom(absl::Time now) const;
  bool paused(absl::Time now) const { return now < paused_until_; }
  // While set aside (see kRefusedKey) it has room for one request at a time, from the next probe on.
  bool set_aside() const { return set_aside_; }
  int limit() const { return static_cast<int>(limit_); }
  // Nothing may go here, whatever becomes of the rest.
  bool shut() const { return limits_.max == 0; }
  int in_flight() const { return in_flight_; }
  // When it may have room again without an answer coming in; the past if that needs an answer.
  absl::Time reopens() const { return paused_until_; }

  void Take() { ++in_flight_; }
  void Release() { --in_flight_; }
  void Learn(Answer answer, std::optional<absl::Duration> retry_after, absl::Time now, std::uint64_t random);

 private:
  void Pause(absl::Time until);

  Limits limits_;
  double limit_;
  int in_flight_ = 0;
  bool set_aside_ = false;
  absl::Time paused_until_ = absl::InfinitePast();
  absl::Time halved_at_ = absl::InfinitePast();
  int busy_rounds_ = 0;
  int overloaded_rounds_ = 0;
  int refused_rounds_ = 0;
};

// `duration`, up to a quarter longer or shorter, so that waiters do not come back all at once.
absl::Duration Jittered(absl::Duration duration, std::uint64_t random);

// `first` doubled `times` times, at most `last`.
absl::Duration Doubled(absl::Duration first, int times, absl::Duration last);

}  // namespace easel::generation
