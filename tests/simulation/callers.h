#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/call.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/schedule.h"

namespace easel::simulation {

// The callers' side: what they ask for and when, and how they go on when an answer is missing. Outlives every process.
class Callers {
 public:
  // `place` takes a call to the service.
  Callers(const Scenario& scenario, Schedule& schedule, Dice dice, std::function<void(std::unique_ptr<Call>)> place);

  // Puts everything that they will ask for into the schedule.
  void Plan();

  // A call was answered, or its connection broke.
  void Answered(const Call& call) { Heard(call, call.come_again); }
  void Broken(const Call& call) { Heard(call, true); }

 private:
  struct Request {
    std::string caller;
    std::string id;  // empty: the service is to make one
    v1::ImageSpec spec;
    bool allow_resubmission = false;
    std::string name;
  };

  Request NewRequest(int number);
  void Heard(const Call& call, bool come_again);
  std::unique_ptr<Call> NewCall(Call::Kind kind, int request);
  std::unique_ptr<Call> NewOrder(int request);
  std::unique_ptr<Call> Something(int request);
  void Repeat(Call::Kind kind, const generation::Order& order, int request, int repeats);

  const Scenario& scenario_;
  Schedule& schedule_;
  Dice dice_;
  const std::function<void(std::unique_ptr<Call>)> place_;
  std::vector<Request> requests_;
  int calls_ = 0;
};

}  // namespace easel::simulation
