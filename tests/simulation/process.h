#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "generation/admission.h"
#include "generation/catalog.h"
#include "generation/generations.h"
#include "generation/history.h"
#include "storage/remembering_generation_store.h"
#include "tests/simulation/call.h"
#include "tests/simulation/dice.h"

namespace easel::simulation {

inline constexpr char kOtherUpstream[] = "https://other.test/api/paas/v4";

// The world that a process runs in, as it sees it.
struct Ports {
  const generation::Catalog& catalog;
  generation::GenerationStore& store;
  generation::ImageStore& images;
  std::vector<generation::ImageModel*> models;
  generation::Clock& clock;
};

// The real domain as one process of the service runs it, with the calls that it serves. Destroying it is a crash: the loop
// goes with all its coroutines, wherever they are.
class Process {
 public:
  Process(const Ports& ports, const Scenario& scenario, Promises& promises, Dice dice);
  ~Process();

  generation::Generations& generations() { return *generations_; }

  // Runs from one await to the next; false: everything waits.
  bool Step();

  // The start's work; it serves when that is done.
  bool recovered() const { return recovered_; }
  bool failed() const { return failed_; }

  void Serve(std::unique_ptr<Call> call);
  // The caller has gone, or its deadline has passed.
  void Interrupt(int number);
  void InterruptAll();
  // Takes away those that are answered, or all.
  std::vector<std::unique_ptr<Call>> TakeDone();
  std::vector<std::unique_ptr<Call>> TakeAll() { return std::move(calls_); }
  bool has_calls() const { return !calls_.empty(); }

  // Nothing runs: every turn and every place was given back.
  void CheckAtRest();

 private:
  class Links;
  class Limits;
  boost::asio::awaitable<void> Recover();
  generation::World TheWorld(const Ports& ports, const Scenario& scenario);

  const Scenario& scenario_;
  Promises& promises_;
  Dice dice_;
  // In front of the store that outlives the process, as the service has it.
  storage::RememberingGenerationStore store_;
  std::unique_ptr<boost::asio::io_context> loop_;
  std::unique_ptr<Limits> limits_;
  std::unique_ptr<Links> links_;
  generation::History history_;
  std::unique_ptr<generation::Admission> admission_;
  std::unique_ptr<generation::Generations> generations_;
  std::vector<std::unique_ptr<Call>> calls_;
  bool recovered_ = false;
  bool failed_ = false;
};

}  // namespace easel::simulation
