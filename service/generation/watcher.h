#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "absl/time/time.h"
#include "generation/ports/generation_store.h"

namespace easel::generation {

class LiveGeneration;
class Wakeup;

// A call's hold on one generation, running or ended: shows it, waits for its changes, and counts as "somebody waits"
// until it is destroyed. Used by one coroutine; movable.
class Watcher {
 public:
  // A generation that has ended, or that a process which is shutting down leaves to the next one: nothing comes any more.
  explicit Watcher(Snapshot last);
  // A running one. Counts among its attached calls.
  explicit Watcher(std::shared_ptr<LiveGeneration> live);
  Watcher(Watcher&&) noexcept;
  Watcher& operator=(Watcher&&) noexcept;
  ~Watcher();

  // The newest state. Thread-safe.
  Snapshot current() const;

  // The next state past `revision`, or the newest where too many came since; or after `patience`, or when the coroutine is
  // cancelled: compare revisions to know which. It may also return early. Where nothing comes any more, the end at once.
  boost::asio::awaitable<Snapshot> Next(std::int64_t revision, absl::Duration patience);

  // The newest state once it has ended, or after `patience`, or when the coroutine is cancelled; it may also return early.
  // Changes before the end wake nobody. A watcher is asked for either Next or End, not both.
  boost::asio::awaitable<Snapshot> End(absl::Duration patience);

  // The call has gone before the end: with ABORT, and if no other call is attached, the generation is cancelled.
  // Afterwards the watcher shows only its last state.
  void Leave(v1::CancelPolicy policy);

 private:
  std::shared_ptr<LiveGeneration> live_;
  Snapshot last_;
  std::shared_ptr<Wakeup> wakeup_;
};

// Nothing will change any more.
bool HasEnded(v1::GenerationState state);
inline bool HasEnded(const Record& record) { return HasEnded(record.generation().state()); }

}  // namespace easel::generation
