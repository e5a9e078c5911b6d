#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "generation/ports/generation_store.h"
#include "storage/generation_row.h"
#include "storage/postgres_connection.h"

namespace easel::storage {

// The statements behind PostgresGenerationStore, with the meaning and the errors of its port. Each is one statement, and so
// one transaction, but for what looks a second time.
//
// `owner` is the lease that this process holds. What has not ended is changed by its owner alone; whose lease ended
// inserts nothing and starts nothing again (UNAVAILABLE), and cannot change what another has taken over
// (FAILED_PRECONDITION).

boost::asio::awaitable<absl::StatusOr<generation::Reservation>> ReserveRow(PostgresConnection& connection,
                                                                          const GenerationRow& row,
                                                                          const std::string& owner);
// An end is added to what its caller has spent on that day.
boost::asio::awaitable<absl::Status> UpdateRow(PostgresConnection& connection, const GenerationRow& row,
                                               generation::Durability durability, const std::string& owner);
boost::asio::awaitable<absl::Status> RemoveRow(PostgresConnection& connection, std::string_view name,
                                               std::int64_t revision);

boost::asio::awaitable<absl::StatusOr<generation::Record>> GetRecord(PostgresConnection& connection, std::string_view name);
boost::asio::awaitable<absl::StatusOr<generation::Record>> FindRecord(PostgresConnection& connection,
                                                                      std::string_view caller,
                                                                      std::string_view request_id);
boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> RunningRecords(PostgresConnection& connection);
boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> DueRecords(PostgresConnection& connection,
                                                                                   const generation::DueQuery& query);
boost::asio::awaitable<absl::StatusOr<std::int64_t>> KeptImageBytes(PostgresConnection& connection);
boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> UnusedDigests(PostgresConnection& connection,
                                                                               const std::vector<std::string>& digests);

// The records in the first column of every row.
absl::StatusOr<std::vector<generation::Record>> RecordsOf(const absl::StatusOr<PostgresResult>& result);

}  // namespace easel::storage
