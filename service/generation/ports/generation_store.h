#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "easel/record/v1/record.pb.h"
#include "generation/ports/due_query.h"

namespace easel::generation {

using Record = record::v1::Record;
// A record as it was at one revision; shared by all who look at it.
using Snapshot = std::shared_ptr<const Record>;

// What a reservation found.
struct Reservation {
  // True: the record given was inserted, and `record` is empty. False: it is the one that already has this caller and request_id.
  bool inserted = false;
  Record record = {};
};

// Which records a listing wants; every condition that is set must hold.
struct ListQuery {
  std::string caller;
  std::vector<v1::GenerationState> states;
  std::string model;
  absl::Time create_time_from = absl::InfinitePast();
  absl::Time create_time_to = absl::InfiniteFuture();
  std::string request_id;
  // Only names before this one in the listing's order; empty: from the newest on.
  std::string after_name;
  int limit = 50;
};

// What a change must survive before it counts as written.
enum class Durability {
  kMachine,  // a crash of the machine
  kProcess,  // a crash of the process; of the machine from the next change of kMachine on
};

// The durable records of generations. Names sort by creation time. Thread-safe. Operations complete on the calling
// coroutine's executor and ignore cancellation: what was begun is finished.
//
// OK means durable: the change survives a crash of the process and, unless it says kProcess, of the machine.
// Errors: NOT_FOUND; ABORTED (Update: the record has another revision than expected); FAILED_PRECONDITION (Update: it runs,
// and belongs to another process now, see Replicas); RESOURCE_EXHAUSTED (the disk is
// full); UNAVAILABLE (anything else that may pass); DATA_LOSS (the store is damaged).
class GenerationStore {
 public:
  virtual ~GenerationStore() = default;

  // Inserts `record` unless its (caller, request_id) is taken.
  virtual boost::asio::awaitable<absl::StatusOr<Reservation>> Reserve(Snapshot record) = 0;
  boost::asio::awaitable<absl::StatusOr<Reservation>> Reserve(Record record) {
    return Reserve(std::make_shared<const Record>(std::move(record)));
  }

  // Replaces the record of this name if the kept one has the revision just before `record`'s.
  virtual boost::asio::awaitable<absl::Status> Update(Snapshot record, Durability durability) = 0;
  boost::asio::awaitable<absl::Status> Update(Record record, Durability durability = Durability::kMachine) {
    return Update(std::make_shared<const Record>(std::move(record)), durability);
  }

  virtual boost::asio::awaitable<absl::StatusOr<Record>> Get(std::string_view name) = 0;

  virtual boost::asio::awaitable<absl::StatusOr<Record>> Find(std::string_view caller, std::string_view request_id) = 0;

  // The same, where the answer is at hand without waiting; nullptr: ask. Only of generations that have ended.
  virtual Snapshot Remembered(std::string_view /*name*/) const { return nullptr; }
  virtual Snapshot Remembered(std::string_view /*caller*/, std::string_view /*request_id*/) const {
    return nullptr;
  }

  // Newest first.
  virtual boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> List(ListQuery query) = 0;

  // Every record that has not ended, oldest first: what a restart picks up.
  virtual boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> ListRunning() = 0;

  // The earliest first; of those due at the same time, by name.
  virtual boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> ListDue(DueQuery query) = 0;

  // The bytes of all kept images, those that several records share counted once.
  virtual boost::asio::awaitable<absl::StatusOr<std::int64_t>> KeptBytes() = 0;

  // Those of `digests` that no record refers to. A record refers to its image's digest until the image is removed.
  virtual boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> Unused(std::vector<std::string> digests) = 0;

  // Removes the record of this name if it has this revision (else ABORTED): what was started again meanwhile stays.
  virtual boost::asio::awaitable<absl::Status> Remove(std::string_view name, std::int64_t revision) = 0;

  // OK when a record could be written now: what /readyz asks.
  virtual boost::asio::awaitable<absl::Status> Check() = 0;
};

}  // namespace easel::generation
