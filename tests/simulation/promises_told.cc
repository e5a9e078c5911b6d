#include "generation/error.h"
#include "generation/same_order.h"
#include "generation/watcher.h"
#include "google/rpc/error_details.pb.h"
#include "tests/simulation/promises.h"

namespace easel::simulation {

using generation::Record;

const std::string* Promises::NameOf(const std::string& caller, const std::string& request_id) const {
  for (const auto& [name, known] : known_) {
    if (known.there && known.record.caller() == caller && known.record.generation().request_id() == request_id) {
      return &name;
    }
  }
  return nullptr;
}

bool Promises::HasLasting(const std::string& caller, const std::string& request_id) const {
  const std::string* name = NameOf(caller, request_id);
  if (name == nullptr) return false;
  const Known& known = known_.at(*name);
  return !known.delete_wanted && !generation::MayStartAgain(known.record);
}

void Promises::Told(const Record& record, std::int64_t seen) {
  const v1::Generation& generation = record.generation();
  trace_.Say("  told: ", generation.name(), " r", generation.revision(), " ", NameOfState(generation.state()));
  const auto known = known_.find(generation.name());
  if (known == known_.end() || !known->second.revisions.contains(generation.revision())) {
    Break(generation.name(), " r", generation.revision(), " was told and is not durable");
    return;
  }
  if (known->second.revisions.at(generation.revision()) != generation.state()) {
    Break(generation.name(), " r", generation.revision(), " was told as ", NameOfState(generation.state()));
  }
  if (generation.revision() < seen) Break(generation.name(), " went back from r", seen, " to r", generation.revision());
}

void Promises::Accepted(const generation::Order& order, const Record& record) {
  const std::string& name = record.generation().name();
  Known& known = known_[name];
  known.told = true;
  if (record.caller() != order.caller) Break(name, " was shown to ", order.caller);
  if (record.requested_spec().prompt() != order.spec.prompt()) Break(name, " was given for another content");
  if (order.request_id.empty()) return;
  if (record.generation().request_id() != order.request_id) Break(name, " has another request_id than its order");
  for (const auto& [other, its] : known_) {
    const bool same = its.there && its.told && its.record.caller() == order.caller &&
                      its.record.generation().request_id() == order.request_id;
    if (same && other != name && known.there) Break("one request_id has two names: ", name, " and ", other);
  }
}

void Promises::Refused(const generation::Order& order, const absl::Status& status, bool known) {
  const google::rpc::Status rpc = generation::ToRpcStatus(status);
  const std::string reason = generation::ReasonOf(rpc);
  trace_.Say("  refused: ", reason);
  if (reason.empty()) Break("an order was refused without a reason: ", status.ToString());
  if (known && (reason == "QUEUE_FULL" || reason == "DEADLINE_TOO_SHORT" || reason == "SHUTTING_DOWN")) {
    Break("a known request_id was refused by admission: ", reason);
  }
  bool invites = rpc.code() == static_cast<int>(absl::StatusCode::kUnavailable);
  for (const auto& detail : rpc.details()) invites = invites || detail.Is<google::rpc::RetryInfo>();
  if (!order.request_id.empty() || !invites) return;
  refused_prompts_.insert(order.spec.prompt());
  for (const auto& [name, its] : known_) {
    if (its.record.generation().spec().prompt() != order.spec.prompt()) continue;
    Break("an order without a request_id was told to come again (", reason, "), and is there as ", name);
  }
}

void Promises::Unreadable(const std::string& name, const absl::Status& status) {
  const Known& known = known_[name];
  const bool gone = known.delete_wanted || known.expired || !generation::HasKeptImage(known.record);
  const std::string reason = generation::ReasonOf(generation::ToRpcStatus(status));
  if (reason != "STORAGE_UNAVAILABLE" && !gone) Break("the image of ", name, " is not readable: ", reason);
}

void Promises::AtRest(bool last) {
  for (const auto& [name, known] : known_) {
    if (!known.there) {
      if (known.told && !known.delete_wanted && !known.expired) Break(name, " was accepted and is lost");
      continue;
    }
    if (generation::HasEnded(known.record)) {
      CheckAccount(known);
    } else if (last || (known.told && !known.unsure)) {
      Break(name, " is ", NameOfState(known.record.generation().state()), " and nobody works on it");
    }
  }
}

}  // namespace easel::simulation
