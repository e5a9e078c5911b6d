#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"
#include "generation/ports/caller_usage.h"
#include "generation/ports/generation_store.h"

namespace easel::generation {

// The processes that work on one store together, of which this is one. What has not ended belongs to one of them, for as
// long as that holds its lease; the store refuses what another one writes (FAILED_PRECONDITION of Update). Thread-safe;
// operations as those of a GenerationStore.
class Replicas {
 public:
  virtual ~Replicas() = default;

  // This process's place among those that live, by which they share what is limited: `rank` counts from 0.
  struct Standing {
    int rank = 0;
    int count = 1;
    bool operator==(const Standing&) const = default;
  };

  // Somebody else's wish for a generation of ours. What is wished with less than kAbort may be forgotten.
  enum class Wish {
    kNone = 0,
    kMark = 1,   // as CancelGeneration with FINISH_AND_KEEP
    kAbort = 2,  // as CancelGeneration with ABORT
    kLeave = 3,  // a caller with ABORT has gone: abort if nobody else is attached
  };

  // Hears what happens, on any thread, soon after and now and then not at all: after Reconnected anything may have.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void Changed(std::string_view name, std::int64_t revision) = 0;
    virtual void Wished(std::string_view name, Wish wish) = 0;
    virtual void Reconnected() = 0;
    // The lease was renewed, or another process has given its own up: time to look for work and for what was lost.
    virtual void Pulse() = 0;
    // The lease could not be renewed in time; told once until the next pulse. Until then others may take over what is ours.
    virtual void NotRenewed(const absl::Status& why) = 0;
  };
  // At most once with a listener, which must hear until it is taken away again: with nullptr, which waits for calls under way.
  virtual void Listen(Listener* listener) = 0;

  virtual Standing standing() const = 0;

  // Which lease this process holds: never 0, and another one each time that the lease was lost and one was had again. 0 while
  // it may be over: what belongs to this process may be taken over by another one at any time. Errs on the careful side.
  virtual std::uint64_t lease() const = 0;

  // A generation that has not ended and belongs to this process.
  struct Owned {
    std::string name;
    Wish wish = Wish::kNone;
  };
  virtual boost::asio::awaitable<absl::StatusOr<std::vector<Owned>>> ListOwned() = 0;

  // Takes up to `limit` generations that belong to nobody any more: from here on they are this process's.
  virtual boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> TakeOver(int limit) = 0;

  // Gives up what of ours waits in the queue (QUEUED): it belongs to nobody, and others are told at once. Answers how many wait
  // then at all processes together.
  using CountByModel = std::map<std::string, int, std::less<>>;
  virtual boost::asio::awaitable<absl::StatusOr<CountByModel>> LetGoOfQueued() = 0;

  // Tells whoever runs it. NOT_FOUND: it does not run any more.
  virtual boost::asio::awaitable<absl::Status> Tell(std::string_view name, Wish wish) = 0;

  // Before the bytes of an image are kept for a generation of this process: nobody removes them until its record refers to
  // them, or it has ended. UNAVAILABLE: they are being removed right now.
  virtual boost::asio::awaitable<absl::Status> HoldImage(std::string_view name, std::string_view digest) = 0;
  // To remove an image that nobody refers to and nobody is about to; false: somebody does. To be followed by ForgetImage.
  virtual boost::asio::awaitable<absl::StatusOr<bool>> ClaimImage(std::string_view digest) = 0;
  virtual boost::asio::awaitable<absl::Status> ForgetImage(std::string_view digest) = 0;

  // A limit that a caller has at all processes together.
  struct Quota {
    v1::Charge price;  // of the generation that is wanted: set aside until it ends
    absl::Time today;  // the beginning of the day that money is counted for
    // Whether what the caller has leaves room for it; takes its start from the bucket. On any thread, once or more.
    std::function<bool(CallerUsage&)> allows;
  };
  // As GenerationStore::Reserve, if `quota` allows it; RESOURCE_EXHAUSTED where it does not, whether or not there is a
  // record. Whatever one caller reserves so, at whichever process, comes one after the other.
  virtual boost::asio::awaitable<absl::StatusOr<Reservation>> ReserveWithin(Quota quota, Snapshot record) = 0;

  // Gives the lease up: others take over at once what has not ended. Nothing more is written from here on.
  virtual boost::asio::awaitable<absl::Status> Leave() = 0;
};

}  // namespace easel::generation
