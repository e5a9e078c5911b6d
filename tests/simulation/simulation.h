#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "generation/catalog.h"
#include "tests/simulation/callers.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/process.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/simulated_images.h"
#include "tests/simulation/simulated_store.h"
#include "tests/simulation/simulated_upstream.h"
#include "tests/simulation/trace.h"

namespace easel::simulation {

// One run: a world out of one number, in which the real domain works, dies and is started again while everything goes wrong;
// then the world heals, and what was promised must be there. The same seed is the same run.
class Simulation {
 public:
  Simulation(std::uint64_t seed, bool trace);
  ~Simulation();

  // The promise that was broken, if one was.
  std::optional<std::string> Run();

  // What happened, for statistics.
  int steps() const { return steps_; }
  int deaths() const { return deaths_; }

 private:
  // How the process that lives now will end; nothing set: not before the world heals.
  struct End {
    std::optional<int> crash_at_step;
    std::optional<absl::Time> crash_at;
    std::optional<absl::Time> stop_at;
  };

  void Begin();
  void DrawEnd();
  void StartProcess();
  void EndProcess(const char* how);
  void Stop();
  void Suspend();
  void ChangeWeather();
  void Heal();
  void Place(std::unique_ptr<Call> call);
  void HandBack();
  bool StepProcess();
  bool Rests() const;
  bool FinishAtRest();

  Dice dice_;
  const Scenario scenario_;
  Weather weather_;
  Schedule schedule_;
  const Trace trace_;
  Promises promises_;
  SimulatedStore store_;
  SimulatedImages images_;
  std::vector<std::unique_ptr<SimulatedUpstream>> accounts_;
  Callers callers_;
  std::unique_ptr<Process> process_;
  End end_;
  int life_ = 0;        // number of the process
  int life_steps_ = 0;  // of it
  bool suspended_ = false;
  bool healed_ = false;
  bool last_life_ = false;
  int steps_ = 0;
  int deaths_ = 0;
};

}  // namespace easel::simulation
