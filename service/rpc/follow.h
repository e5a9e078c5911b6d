#pragma once

#include <algorithm>
#include <cstdint>

#include <boost/asio/awaitable.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "generation/generations.h"
#include "generation/watcher.h"
#include "rpc/call.h"
#include "rpc/stream_call.h"

namespace easel::rpc {

// Streams a generation: its current state at once if it is at or past `from`, then each later one, until the end, which
// is always written. A reader that is slower than the changes misses some. Where nothing changes for the environment's
// heartbeat, the state is repeated with fresh progress, also while `from` is still to come.
// Returns the last state seen: it has not ended if the call was interrupted or the peer has gone.
template <class Response>
boost::asio::awaitable<generation::Snapshot> Follow(Call& call, generation::Watcher& watcher, std::int64_t from,
                                                    Writer<Response>& writer) {
  const absl::Duration heartbeat = call.environment().heartbeat;
  generation::Snapshot now = watcher.current();
  std::int64_t seen = -1;
  absl::Time spoke = absl::Now();
  while (true) {
    const std::int64_t revision = now->generation().revision();
    const bool changed = revision != seen && revision >= from;
    if (changed || generation::HasEnded(*now) || absl::Now() - spoke >= heartbeat) {
      Response response;
      *response.mutable_generation() = call.generations().Show(*now);
      const bool peer_is_there = co_await writer.Write(response);
      if (generation::HasEnded(*now) || !peer_is_there) co_return now;
      spoke = absl::Now();
    }
    seen = revision;
    const absl::Duration patience = std::max(heartbeat - (absl::Now() - spoke), absl::Milliseconds(1));
    if (!call.interrupted()) now = co_await watcher.Next(revision, patience);
    // There is no time for what lies between, but for the end there is.
    if (call.interrupted()) now = watcher.current();
    if (call.interrupted() && !generation::HasEnded(*now)) co_return now;
  }
}

// Waits for the end, and tells the caller the generation's name where that does not come at once. Returns early, with a
// state that has not ended, when the call is interrupted.
inline boost::asio::awaitable<generation::Snapshot> AwaitEnd(Call& call, generation::Watcher& watcher) {
  // Below what a person or a timeout notices, and above what the quickest upstream takes: those answers are one packet.
  constexpr absl::Duration kAtOnce = absl::Milliseconds(20);
  constexpr absl::Duration kPatience = absl::Hours(1);
  generation::Snapshot now = watcher.current();
  if (!generation::HasEnded(*now)) now = co_await watcher.End(kAtOnce);
  if (!generation::HasEnded(*now)) call.SendInitialMetadata();
  while (!generation::HasEnded(*now) && !call.interrupted()) now = co_await watcher.End(kPatience);
  co_return now;
}

}  // namespace easel::rpc
