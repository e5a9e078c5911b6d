#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "generation/ports/replicas.h"
#include "storage/generation_row.h"
#include "storage/postgres_connection.h"

namespace easel::storage {

// Replicas::ReserveWithin, in one transaction; `owner` as in postgres_table.h.
boost::asio::awaitable<absl::StatusOr<generation::Reservation>> ReserveRowWithin(PostgresConnection& connection,
                                                                                const GenerationRow& row,
                                                                                const std::string& owner,
                                                                                const generation::Replicas::Quota& quota);

// Nobody asks for what was spent on days before that of `time`.
boost::asio::awaitable<absl::Status> ForgetSpendingBefore(PostgresConnection& connection, absl::Time time);

}  // namespace easel::storage
