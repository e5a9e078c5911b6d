#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "generation/ports/generation_store.h"
#include "storage/generation_row.h"
#include "storage/sqlite_connection.h"

namespace easel::storage {

// The statements behind SqliteGenerationStore, with the meaning and the errors of its port. Each runs in the caller's
// transaction and may be run again after a rollback. One that fails has changed nothing, or has ended the transaction.

absl::StatusOr<generation::Reservation> ReserveRow(SqliteConnection& connection, const GenerationRow& row);
absl::Status UpdateRow(SqliteConnection& connection, const GenerationRow& row);
absl::Status RemoveRow(SqliteConnection& connection, std::string_view name, std::int64_t revision);
// A tiny change, to see whether one can be made.
absl::Status WriteProbe(SqliteConnection& connection);

absl::StatusOr<generation::Record> GetRecord(SqliteConnection& connection, std::string_view name);
absl::StatusOr<generation::Record> FindRecord(SqliteConnection& connection, std::string_view caller,
                                              std::string_view request_id);
absl::StatusOr<std::vector<generation::Record>> RunningRecords(SqliteConnection& connection);

}  // namespace easel::storage
