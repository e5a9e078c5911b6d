#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace easel::generation {

// Keeps submissions away from an upstream (a base URL, whatever the key) that has nothing but failures to give: refusals
// for its own trouble, broken connections, no answer. After a run of them nothing goes there for a while, then one
// submission tries it, and the while grows for as long as that fails. Any other answer, a refusal included, ends it. Polls
// and downloads of what was paid for never ask it. Not thread-safe: Admission holds the lock.
//
// A submission without an answer may cost an image, so long before it opens, a few of those in a row make the next ones go
// one by one, further and further apart: an upstream that swallows what it is sent does not swallow the queue.
class Breaker {
 public:
  // What a submission told of the upstream.
  enum class News {
    kAnswered,    // it works, whatever it said
    kTrouble,     // it refused for its own trouble, or could not be reached
    kUnanswered,  // sent, and nobody knows
  };

  // A run: so many failures with no other answer in between, and over at least so long a time, for many requests that
  // break at the same moment are one piece of news.
  static constexpr int kFailures = 10;
  static constexpr absl::Duration kRun = absl::Seconds(10);
  // How long nothing goes there: doubled from the first to the last, a quarter more or less.
  static constexpr absl::Duration kFirst = absl::Seconds(2);
  static constexpr absl::Duration kLast = absl::Seconds(60);
  // From so many unanswered in a row on, submissions go apart: at first by so much, and double with each further one.
  static constexpr int kUnanswered = 3;
  static constexpr absl::Duration kApart = absl::Milliseconds(100);

  bool open() const { return open_; }
  bool Admits(absl::Time now) const { return now >= next_try_; }
  // When the next submission may go.
  absl::Time next_try() const { return next_try_; }

  // A submission goes there. While open, it is the one that tries.
  void Take(absl::Time now, std::uint64_t random);
  void Learn(News news, absl::Time now, std::uint64_t random);

 private:
  void PutOff(absl::Time now, std::uint64_t random);
  void LearnUnanswered(absl::Time now, std::uint64_t random);
  void KeepApart(absl::Time now, std::uint64_t random);

  bool open_ = false;
  int failures_ = 0;
  int tries_ = 0;
  int unanswered_ = 0;
  bool trying_ = false;  // one was sent since they go apart, and its news is still to come
  absl::Time first_failure_ = absl::InfinitePast();
  absl::Time next_try_ = absl::InfinitePast();
};

}  // namespace easel::generation
