#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/latency.h"

namespace easel::bench {

using Clock = std::chrono::steady_clock;

struct Plan {
  int in_flight = 1;
  // The measured time; 0: `calls` decides.
  double seconds = 10;
  // The measured calls; 0: `seconds` decides.
  std::uint64_t calls = 0;
  double warm_up = 0;
  // Calls a second, each due at its time whatever became of the others; 0: the next one starts when one ends.
  double rate = 0;
  // How long calls may go on when no new ones start.
  double drain = 120;
};

// What became of one call.
struct Outcome {
  // "OK" with an empty reason, or "UNAVAILABLE SHUTTING_DOWN".
  std::string error;
  std::string message;
  std::uint64_t bytes = 0;
};

struct Tally {
  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  // Of the whole run, warm-up included: an error counts whenever it comes.
  std::map<std::string, std::uint64_t> errors;
  std::string first_error;
  Latency latency;
};

class CallEnds {
 public:
  virtual ~CallEnds() = default;
  virtual void Ended(std::size_t slot, const Outcome& outcome) = 0;
};

// Makes calls; one for each slot at a time. For one thread.
class Caller {
 public:
  virtual ~Caller() = default;
  virtual void Start(std::size_t slot) = 0;
  // Serves what has come, and tells `ends` of each call that ended; waits for it until `until` at the latest.
  virtual void Serve(Clock::time_point until, CallEnds& ends) = 0;
};

// Keeps a caller busy as a plan says, and counts.
class Load final : public CallEnds {
 public:
  Load(const Plan& plan, Caller& caller);

  Tally Run();

  void Ended(std::size_t slot, const Outcome& outcome) override;

 private:
  // Due times are kept for calls that start by a rate, so that a late start counts.
  struct Slot {
    Clock::time_point begun;
  };

  bool MayStart() const;
  Clock::time_point NextDue() const;
  void StartDue();
  void Observe(Clock::time_point now);
  Clock::time_point WaitUntil() const;

  const Plan plan_;
  Caller& caller_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> idle_;
  Tally tally_;
  Clock::time_point now_;
  Clock::time_point start_;
  std::optional<Clock::time_point> measured_from_;
  std::optional<Clock::time_point> measured_to_;
  double cpu_from_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t measured_started_ = 0;
};

}  // namespace easel::bench
