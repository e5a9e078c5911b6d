#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "generation/ports/replicas.h"
#include "storage/postgres_connection.h"

namespace easel::storage {

// This process's row in the table of replicas: the lease that its generations belong to.
//
// Every lease has an id of its own. One that has run out is removed by whoever sees it first, and with it all claims: what
// belonged to it is anybody's. Since renewing and removing lock the same row, a process that was told "renewed" has lost
// nothing; one that was told otherwise takes a new lease under a new id, and nothing that belonged to the old one is its
// own. So a process that was frozen or cut off cannot mistake what others took over for its own.
//
// Times of leases are the server's. What this process believes is on the careful side: from the moment before a renewal was
// sent on, without a fifth of the time, by a clock that goes on while the machine sleeps. Leases of others are removed only
// by who has renewed its own in time for a whole lease's time: after the database was away, everybody may come back first.
// Thread-safe, but for Keep and GiveUp.
class PostgresLease {
 public:
  explicit PostgresLease(absl::Duration time);

  // Takes the lease, or renews it; not any more once it was given up (UNAVAILABLE). True: it is a new one.
  boost::asio::awaitable<absl::StatusOr<bool>> Keep(PostgresConnection& connection);
  boost::asio::awaitable<absl::Status> GiveUp(PostgresConnection& connection);

  // The id; it may have run out.
  std::string id() const;
  // As generation::Replicas::lease.
  std::uint64_t number() const;
  generation::Replicas::Standing standing() const;
  absl::Duration time() const { return time_; }

 private:
  boost::asio::awaitable<absl::StatusOr<bool>> Renew(PostgresConnection& connection);
  boost::asio::awaitable<absl::Status> Take(PostgresConnection& connection);
  boost::asio::awaitable<absl::Status> LookAround(PostgresConnection& connection);

  const absl::Duration time_;
  const std::string prefix_;
  mutable std::mutex mutex_;
  std::string id_;
  std::uint64_t number_ = 0;
  std::int64_t good_until_ = 0;    // nanoseconds of CLOCK_BOOTTIME
  std::int64_t steady_since_ = 0;  // the same
  bool held_ = false;
  bool given_up_ = false;
  generation::Replicas::Standing standing_;
};

}  // namespace easel::storage
