#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/time/time.h"
#include "generation/account_list.h"
#include "generation/admission.h"
#include "generation/caller_limits.h"
#include "generation/catalog.h"
#include "generation/history.h"
#include "generation/image_holds.h"
#include "generation/ports/clock.h"
#include "generation/ports/generation_store.h"
#include "generation/ports/image_links.h"
#include "generation/ports/image_model.h"
#include "generation/ports/image_store.h"
#include "generation/ports/metrics.h"
#include "generation/ports/replicas.h"

namespace easel::generation {

class LiveGeneration;

// How long things may take and how they are paced.
struct Pacing {
  absl::Duration submit_timeout = absl::Minutes(15);
  absl::Duration render_timeout = absl::Minutes(15);
  absl::Duration poll_first = absl::Seconds(5);
  absl::Duration poll_interval = absl::Seconds(3);
  // Between two tries of what costs nothing to repeat: doubled from the first to the last, with jitter.
  absl::Duration retry_first = absl::Milliseconds(500);
  absl::Duration retry_last = absl::Seconds(30);
  // How long a model that no account takes is waited for before another one is used, where the caller allows that; never
  // more than half of the time that there is.
  absl::Duration fall_back_after = absl::Seconds(30);
  // Where the upstream's URL does not tell when it expires.
  absl::Duration fetch_timeout = absl::Hours(24);
  // How long an image is kept, and how long at least the record of its request_id, from the end on.
  absl::Duration retention = absl::Hours(24 * 7);
  absl::Duration request_id_retention = absl::Hours(24);
};

// What holds at an upstream.
struct UpstreamTerms {
  const Catalog& catalog;
  // The operator's word that it refuses a second request with the same id: resubmitting is safe.
  bool rejects_duplicates = false;
};

// Everything a generation needs of the world. References outlive all generations.
struct World {
  // The first upstream's: what callers may ask for.
  const Catalog& catalog;
  GenerationStore& store;
  ImageStore& images;
  const ImageLinks& links;
  // The accounts, by preference.
  AccountList models;
  Admission& admission;
  History& history;
  Clock& clock;
  Metrics& metrics;
  // Random bits: ids and jitter. Thread-safe.
  std::function<std::uint64_t()> random;
  Pacing pacing;
  // The first upstream's.
  bool rejects_duplicates = false;
  // Further upstreams' by their names; one that is not in here is like the first.
  std::map<std::string, UpstreamTerms, std::less<>> terms = {};
  // The model in place of one that no account takes, where the caller allows that; empty: none.
  std::string fallback_model = {};
  // What is written at a generation's end: one line for an operator's log.
  std::function<void(const Record&)> on_end;
  // A store failed an operation; the work waits or ends typed, the operator is told.
  std::function<void(const absl::Status&)> on_fault;
  // How many bytes of images are kept; 0: without a limit.
  std::int64_t max_kept_bytes = 0;
  // Shared by all copies of this world, and by readers that may outlive a call.
  std::shared_ptr<ImageHolds> holds = std::make_shared<ImageHolds>();
  // The processes that share the store; nullptr: there is no other.
  Replicas* replicas = nullptr;
  // nullptr: no caller has limits.
  CallerLimits* caller_limits = nullptr;
};

// How a lifecycle comes to run.
enum class Origin {
  kAccepted,  // just now
  kResumed,   // found by a restart
  kUnsent,    // found by this process, which recorded it, was told that it could not, and sent nothing
};

// Where a generation stands in the admission: a place in the queue, or a turn already.
struct Standing {
  Admission::Place place;
  std::optional<Admission::Turn> turn = std::nullopt;
  // The lease that was held before the turn was recorded (see Replicas); 0: none, or none is needed.
  std::uint64_t lease = 0;
  // Its caller may have it; none yet for what was accepted before.
  CallerLimits::Pass pass = {};
};

// Carries one generation from wherever its record says it stands to its end. Running it and resuming it after a crash are
// the same code. Returns when the generation has ended, or without an end when it was suspended.
// Runs on the loop of `live`; `world` outlives it.
boost::asio::awaitable<void> RunLifecycle(const World& world, std::shared_ptr<LiveGeneration> live,
                                          Standing standing, Origin origin);

}  // namespace easel::generation
