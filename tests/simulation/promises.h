#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "easel/v1/generation.pb.h"
#include "generation/catalog.h"
#include "generation/generations.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/trace.h"

namespace easel::simulation {

// The plain model that a run is held against: what became durable, what was sent and charged, what is kept, and what callers
// were told. The simulated world reports here as things happen; the first broken promise is remembered.
class Promises {
 public:
  Promises(const Scenario& scenario, const Trace& trace) : scenario_(scenario), trace_(trace) {}

  // What was broken, in one sentence.
  const std::optional<std::string>& broken() const { return broken_; }
  template <typename... Parts>
  void Break(const Parts&... parts) {
    if (!broken_) broken_ = absl::StrCat(parts...);
    trace_.Say("BROKEN: ", parts...);
  }

  // --- Store: after each change that took effect; `told`: the service was not told that it failed. ---
  void Recorded(const generation::Record& record, bool told);
  void Removed(const std::string& name);
  // A process starts, and takes up what is queued in this order.
  void Recovering();

  // --- Images ---
  void Kept(const std::string& digest) { kept_.insert(digest); }
  void ImageRemoved(const std::string& digest);

  // --- Upstream ---
  // A request is about to leave. The generation that it is for, or "" if there is none that may send.
  std::string Sent(const generation::ImageModel& account, const v1::ImageSpec& spec);
  // The ledger gets an entry; `picture` tells the bytes that it pays for.
  void Charged(const std::string& name, std::int64_t micros, std::int64_t picture);

  // --- Callers ---
  // A caller was shown this; `seen` is the newest revision that the same call was shown before.
  void Told(const generation::Record& record, std::int64_t seen);
  // An order was accepted under this name.
  void Accepted(const generation::Order& order, const generation::Record& record);
  // An order was not accepted. `known`: a generation of its request_id was there all the time, and could not start again.
  void Refused(const generation::Order& order, const absl::Status& status, bool known);
  void Deleting(const std::string& name) { known_[name].delete_wanted = true; }
  // Bytes could not be read.
  void Unreadable(const std::string& name, const absl::Status& status);

  // Something durable of this order's id that could not start again.
  bool HasLasting(const std::string& caller, const std::string& request_id) const;

  // Nothing runs any more in a live process of a healthy world. `last`: and that process has recovered everything.
  void AtRest(bool last);

 private:
  struct Known {
    bool there = false;
    bool told = false;
    bool delete_wanted = false;
    bool expired = false;  // removed by age
    bool unsure = false;  // begun by a write that was reported as failed: nobody may run it
    generation::Record record;
    std::map<std::int64_t, v1::GenerationState> revisions;
    int charges = 0;
    std::int64_t charged_micros = 0;
    std::set<std::int64_t> pictures;
  };
  using Queue = std::pair<std::string, std::string>;  // caller, model

  static Queue QueueOf(const generation::Record& record);
  const std::string* NameOf(const std::string& caller, const std::string& request_id) const;
  void CheckStep(const Known& before, const generation::Record& now);
  void CheckOrder(const generation::Record& before, const generation::Record& now);
  void CheckEnd(const Known& known);
  void CheckSuccess(const Known& known);
  void CheckFailure(const Known& known);
  void CheckAccount(const Known& known);

  const Scenario& scenario_;
  const Trace& trace_;
  std::optional<std::string> broken_;
  std::map<std::string, Known> known_;
  std::set<std::string> kept_;
  std::set<std::string> refused_prompts_;  // of orders without a request_id that were told to come again
  // What was queued when this process began, in order; and when it was sent.
  std::map<Queue, std::vector<std::pair<std::string, std::optional<absl::Time>>>> recovered_;
};

// "FAILED" for GENERATION_STATE_FAILED.
const char* NameOfState(v1::GenerationState state);

}  // namespace easel::simulation
