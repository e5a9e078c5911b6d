#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/fault.h"

namespace easel::sandbox {

// Which faults are waiting, and how often each has struck. Used on the sandbox's one thread.
class FaultBook {
 public:
  struct Waiting {
    std::string words;
    int left;  // 0: always
  };

  // Faults of the call, in order.
  void Add(const std::vector<Fault>& faults);

  // Forgets the faults of the call, and the counts of the prompts' own.
  void Clear();

  std::vector<Waiting> List() const;

  // The fault that strikes this event, if any; it is counted. `own` are the prompt's faults, counted by `scope`: the prompt
  // for kSubmit and kAccept, the task for kPoll and kFetch.
  std::optional<Fault> Strike(Fault::At at, const std::string& model, const std::vector<Fault>& own,
                              const std::string& scope);

 private:
  std::vector<Fault> called_;  // `times` counts down; what has struck its last is removed
  std::map<std::string, int> struck_;
};

}  // namespace easel::sandbox
