#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "generation/ports/generation_store.h"
#include "storage/sqlite_connection.h"

namespace easel::storage {

// What retention asks of SQLite, with the meaning and the errors of GenerationStore. What each costs follows how much it
// is asked for, not how much is kept.

absl::StatusOr<std::vector<generation::Record>> DueRecords(SqliteConnection& connection, const generation::DueQuery& query);
absl::StatusOr<std::vector<std::string>> UnusedDigests(SqliteConnection& connection, std::vector<std::string> digests);

// The statements that these run: for tests of how SQLite plans them.
std::vector<std::string> RetentionStatements();

}  // namespace easel::storage
