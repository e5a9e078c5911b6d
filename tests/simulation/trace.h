#pragma once

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/simulation/schedule.h"

namespace easel::simulation {

// What happens in a run, for people: one line each, with the seconds since its beginning. Silent unless wanted.
class Trace {
 public:
  Trace(const Schedule& schedule, bool wanted) : schedule_(schedule), began_(schedule.Now()), wanted_(wanted) {}

  absl::Time Now() const { return schedule_.Now(); }

  template <typename... Parts>
  void Say(const Parts&... parts) const {
    if (!wanted_) return;
    std::printf("%14.6f  %s\n", absl::ToDoubleSeconds(schedule_.Now() - began_), absl::StrCat(parts...).c_str());
  }

 private:
  const Schedule& schedule_;
  const absl::Time began_;
  const bool wanted_;
};

}  // namespace easel::simulation
