#include "tests/simulation/promises.h"

#include <algorithm>

#include "generation/error.h"
#include "generation/same_order.h"
#include "generation/time.h"
#include "generation/watcher.h"
#include "google/rpc/error_details.pb.h"

namespace easel::simulation {

using generation::HasEnded;
using generation::HasKeptImage;
using generation::Record;

namespace {

// A change of state; an image that goes is the only change without one.
bool MayFollow(v1::GenerationState before, v1::GenerationState now, bool uncharged) {
  switch (before) {
    case v1::GENERATION_STATE_QUEUED:
      return now == v1::GENERATION_STATE_SUBMITTING || now >= v1::GENERATION_STATE_FAILED;
    case v1::GENERATION_STATE_SUBMITTING:
      return now != v1::GENERATION_STATE_SUBMITTING && now != v1::GENERATION_STATE_SUCCEEDED;
    case v1::GENERATION_STATE_RENDERING:
      return now == v1::GENERATION_STATE_FETCHING || now >= v1::GENERATION_STATE_FAILED;
    case v1::GENERATION_STATE_FETCHING:
      return now >= v1::GENERATION_STATE_SUCCEEDED;
    default:
      return now == v1::GENERATION_STATE_QUEUED && before != v1::GENERATION_STATE_SUCCEEDED && uncharged;
  }
}

// Says "come again": UNAVAILABLE, or a RetryInfo.
bool InvitesRepeat(const google::rpc::Status& status) {
  const auto is_retry = [](const auto& detail) { return detail.template Is<google::rpc::RetryInfo>(); };
  return status.code() == static_cast<int>(absl::StatusCode::kUnavailable) ||
         std::any_of(status.details().begin(), status.details().end(), is_retry);
}

}  // namespace

const char* NameOfState(v1::GenerationState state) {
  return v1::GenerationState_Name(state).c_str() + sizeof("GENERATION_STATE_") - 1;
}

void Promises::Recorded(const Record& record, bool told) {
  const v1::Generation& generation = record.generation();
  Known& known = known_[generation.name()];
  trace_.Say("store: ", generation.name(), " r", generation.revision(), " ", NameOfState(generation.state()),
             told ? "" : " (reported as failed)");
  if (known.there) {
    CheckStep(known, record);
    CheckOrder(known.record, record);
  } else if (generation.revision() != 1 || (generation.state() != v1::GENERATION_STATE_QUEUED &&
                                            generation.state() != v1::GENERATION_STATE_SUBMITTING)) {
    Break(generation.name(), " began as ", NameOfState(generation.state()), " r", generation.revision());
  }
  known.unsure = !told && (!known.there || HasEnded(known.record));
  known.there = true;
  known.record = record;
  known.revisions[generation.revision()] = generation.state();
  if (refused_prompts_.contains(generation.spec().prompt())) {
    Break("an order without a request_id was told to come again, and runs as ", generation.name());
  }
  if (HasEnded(record) && (HasKeptImage(record) || !generation.has_image())) CheckEnd(known);
}

void Promises::CheckStep(const Known& before, const Record& now) {
  const v1::Generation& old = before.record.generation();
  const bool uncharged = old.charge().state() == v1::CHARGE_STATE_NONE;
  const bool image_goes = HasKeptImage(before.record) && !HasKeptImage(now) && now.generation().has_image() &&
                          old.state() == now.generation().state();
  if (!image_goes && !MayFollow(old.state(), now.generation().state(), uncharged)) {
    Break(old.name(), " went from ", NameOfState(old.state()), " to ", NameOfState(now.generation().state()));
  }
  if (now.generation().revision() != old.revision() + 1) {
    Break(old.name(), " went from revision ", old.revision(), " to ", now.generation().revision());
  }
}

void Promises::Removed(const std::string& name) {
  Known& known = known_[name];
  trace_.Say("store: ", name, " removed");
  if (!HasEnded(known.record)) Break(name, " was removed while it ran");
  const bool due = scenario_.retention && trace_.Now() >= generation::FromProto(known.record.remove_time());
  if (!known.delete_wanted && !due) Break(name, " was removed, and nobody asked for it");
  known.expired = due;
  known.there = false;
}

void Promises::Recovering() {
  recovered_.clear();
  if (scenario_.accounts > 1 || scenario_.fallback_model) return;  // who goes first depends on where each may go
  for (const auto& [name, known] : known_) {
    const v1::Generation& generation = known.record.generation();
    // Those that were refused before go first, and may have to go elsewhere.
    if (!known.there || generation.state() != v1::GENERATION_STATE_QUEUED || !generation.attempts().empty()) continue;
    recovered_[QueueOf(known.record)].push_back({name, std::nullopt});
  }
}

Promises::Queue Promises::QueueOf(const Record& record) {
  const v1::Generation& generation = record.generation();
  return {record.caller(), generation.spec().model()};
}

// A caller's generations that were queued when the process began are sent in that order.
void Promises::CheckOrder(const Record& before, const Record& now) {
  if (before.generation().state() != v1::GENERATION_STATE_QUEUED) return;
  const auto queue = recovered_.find(QueueOf(before));
  if (queue == recovered_.end()) return;
  const std::string& name = now.generation().name();
  const auto is_it = [&](const auto& entry) { return entry.first == name; };
  const auto it = std::find_if(queue->second.begin(), queue->second.end(), is_it);
  if (it == queue->second.end()) return;
  if (now.generation().state() != v1::GENERATION_STATE_SUBMITTING || it->second) {
    queue->second.erase(it);  // it left the queue otherwise, or comes a second time
    return;
  }
  it->second = generation::FromProto(now.generation().attempts().rbegin()->start_time());
  for (auto other = queue->second.begin(); other != queue->second.end(); ++other) {
    if (!other->second || other == it) continue;
    if (other < it ? *other->second > *it->second : *other->second < *it->second) {
      Break("after a restart ", std::max(name, other->first), " went before ", std::min(name, other->first));
    }
  }
}

void Promises::ImageRemoved(const std::string& digest) {
  kept_.erase(digest);
  for (const auto& [name, known] : known_) {
    if (known.there && HasKeptImage(known.record) && known.record.generation().image().sha256() == digest) {
      Break("the image of ", name, " was removed, which is still there");
    }
  }
}

std::string Promises::Sent(const generation::ImageModel& account, const v1::ImageSpec& spec) {
  for (const auto& [name, known] : known_) {
    const v1::Generation& generation = known.record.generation();
    if (!known.there || generation.spec().prompt() != spec.prompt()) continue;
    if (generation.state() != v1::GENERATION_STATE_SUBMITTING) continue;
    const v1::Attempt& attempt = *generation.attempts().rbegin();
    if (attempt.has_end_time() || attempt.key_fingerprint() != account.key_fingerprint() ||
        attempt.upstream() != account.upstream()) {
      Break(name, " sends a request that its record does not show");
    }
    return name;
  }
  Break("a request left for \"", spec.prompt(), "\", and no record says SUBMITTING");
  return "";
}

void Promises::Charged(const std::string& name, std::int64_t micros, std::int64_t picture) {
  Known& known = known_[name];
  ++known.charges;
  known.charged_micros += micros;
  known.pictures.insert(picture);
  trace_.Say("ledger: ", name, " is charged ", micros, ", picture ", picture);
  if (known.charges > (known.record.allow_resubmission() ? 2 : 1)) {
    Break(name, " was charged ", known.charges, " times");
  }
  if (HasEnded(known.record)) CheckAccount(known);
}

void Promises::CheckEnd(const Known& known) {
  const v1::Generation& generation = known.record.generation();
  CheckAccount(known);
  if (!generation.has_end_time() || !generation.has_expire_time()) Break(generation.name(), " ended without a time");
  if (generation.state() == v1::GENERATION_STATE_SUCCEEDED) {
    CheckSuccess(known);
  } else if (generation.state() == v1::GENERATION_STATE_FAILED) {
    CheckFailure(known);
  }
  if (generation.attempts().empty() && generation.charge().state() != v1::CHARGE_STATE_NONE) {
    Break(generation.name(), " was never sent, and says that it costs something");
  }
}

void Promises::CheckSuccess(const Known& known) {
  const v1::Generation& generation = known.record.generation();
  const v1::Image& image = generation.image();
  if (!kept_.contains(image.sha256())) Break(generation.name(), " SUCCEEDED and its bytes are not kept");
  if (!scenario_.same_pictures && !known.pictures.contains(image.size_bytes())) {
    Break(generation.name(), " SUCCEEDED with a picture that it did not pay for");
  }
  if (generation.has_error()) Break(generation.name(), " SUCCEEDED with an error");
  if (generation.charge().state() == v1::CHARGE_STATE_NONE) Break(generation.name(), " SUCCEEDED for nothing");
}

void Promises::CheckFailure(const Known& known) {
  const v1::Generation& generation = known.record.generation();
  google::rpc::ErrorInfo info;
  for (const auto& detail : generation.error().details()) detail.UnpackTo(&info);
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  const bool typed = v1::ErrorReason_Parse("ERROR_REASON_" + info.reason(), &reason) && info.domain() == "easel" &&
                     generation.error().code() == static_cast<int>(generation::CodeOf(reason));
  if (!typed) Break(generation.name(), " FAILED without a typed error: ", generation.error().ShortDebugString());
  std::map<std::string, std::string> charge = {{"generation", generation.name()}};
  generation::DescribeCharge(generation.charge(), charge);
  for (const auto& [key, value] : charge) {
    const auto it = info.metadata().find(key);
    if (it == info.metadata().end() || it->second != value) Break(generation.name(), "'s error does not say ", key);
  }
  if (generation.charge().state() != v1::CHARGE_STATE_NONE && InvitesRepeat(generation.error())) {
    Break(generation.name(), " may be charged, and its error invites to repeat it");
  }
}

// The ledger lies between the sum of MADE and the sum of MADE and UNKNOWN.
void Promises::CheckAccount(const Known& known) {
  const v1::Generation& generation = known.record.generation();
  std::int64_t made = 0;
  std::int64_t perhaps = 0;
  for (const v1::Attempt& attempt : generation.attempts()) {
    const v1::Charge& charge = attempt.charge();
    (charge.state() == v1::CHARGE_STATE_MADE ? made : perhaps) += charge.cost_micros();
    if (!attempt.has_end_time()) Break(generation.name(), " ended with an attempt that did not");
  }
  if (known.charged_micros < made || known.charged_micros > made + perhaps) {
    Break(generation.name(), ": the ledger has ", known.charged_micros, ", its attempts say ", made, " made and ", perhaps,
          " unknown");
  }
  const v1::Charge& total = generation.charge();
  const bool exact = total.state() != v1::CHARGE_STATE_UNKNOWN;
  if (known.charged_micros > total.cost_micros() || (exact && known.charged_micros < total.cost_micros())) {
    Break(generation.name(), ": the ledger has ", known.charged_micros, ", its charge is ", total.ShortDebugString());
  }
}

}  // namespace easel::simulation
