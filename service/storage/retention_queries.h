#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "generation/ports/generation_store.h"
#include "storage/sqlite_connection.h"

namespace easel::storage {

// What retention asks of SQLite, with the meaning and the errors of GenerationStore. What each costs follows how much it
// returns, but for KeptImageBytes, which reads an index of all kept images.

absl::StatusOr<std::vector<generation::Record>> DueRecords(SqliteConnection& connection, const generation::DueQuery& query);
absl::StatusOr<std::int64_t> KeptImageBytes(SqliteConnection& connection);
absl::StatusOr<std::vector<std::string>> UnusedDigests(SqliteConnection& connection, std::vector<std::string> digests);

// The statements that these run: for tests of how SQLite plans them.
std::vector<std::string> RetentionStatements();

}  // namespace easel::storage
