#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "generation/governor.h"
#include "generation/lifecycle.h"
#include "tests/simulation/dice.h"

namespace easel::simulation {

// How a world is made: what an operator configured, and what the upstream is like.
struct Scenario {
  int accounts = 1;
  int callers = 1;
  int requests = 1;
  generation::Governor::Limits limits;
  int queue_max = 30;
  generation::Pacing pacing;
  // The second account is at another upstream, a fallback.
  bool other_upstream = false;
  // Of the first upstream, and of the other one.
  bool rejects_duplicates = false;
  bool other_rejects_duplicates = false;
  // Orders may allow another model.
  bool fallback_model = false;
  // Requests and tasks that an account has at once; more are refused as 1302.
  int upstream_limit = 100;
  // Every picture has the same bytes.
  bool same_pictures = false;
  // Images and records go by age and by size while the run lasts.
  bool retention = false;
  std::int64_t max_kept_bytes = 0;
  // How often a process dies or is stopped before the world heals.
  int deaths = 0;
  // When the world heals.
  absl::Duration troubled;
  // The probability that trouble of a kind strikes one operation, at its worst.
  double worst = 0;
};

Scenario Draw(Dice& dice);

// What goes wrong at the moment, as probabilities by operation. Changes as time goes by.
struct Weather {
  double store_writes = 0;
  double store_reads = 0;
  double images = 0;
  double submit = 0;
  double poll = 0;
  double fetch = 0;
  // Every submission is refused for its key, or for its quota.
  bool dead_key = false;
  bool no_quota = false;
};

Weather DrawWeather(const Scenario& scenario, Dice& dice);

}  // namespace easel::simulation
