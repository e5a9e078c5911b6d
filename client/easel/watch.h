#pragma once

#include <string>

#include "absl/status/status.h"
#include "easel/core.h"
#include "easel/observer.h"
#include "easel/outcome.h"
#include "easel/retry.h"
#include "easel/v1/generation.pb.h"

namespace easel::client {

// What the attempts of one call learnt about a generation, told to the observer without going back. Belongs to one
// thread.
class Sighting {
 public:
  // `observer` must outlive it.
  explicit Sighting(const Observer& observer) : observer_(observer) {}

  // An empty name is ignored.
  void Accepted(const std::string& name);
  void Saw(const v1::Generation& generation);

  // Empty until it is known.
  const std::string& name() const { return name_; }
  const v1::Generation& last() const { return last_; }
  bool ended() const { return HasEnded(last_); }

 private:
  const Observer& observer_;
  std::string name_;
  v1::Generation last_;
};

// One attempt at WatchGeneration, for what comes from `revision` on. OK: the stream ended in order.
absl::Status WatchOnce(const Core& core, const std::string& name, int64_t revision, const Retry& retry,
                       const CallOptions& options, Sighting& sighting);

// The error for a stream that ended in order before its work was done; safe to repeat.
absl::Status EndedEarly();

}  // namespace easel::client
