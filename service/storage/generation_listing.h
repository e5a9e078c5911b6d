#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "generation/ports/generation_store.h"
#include "storage/sqlite_connection.h"

namespace easel::storage {

// Whether a record is one that the query wants; `limit` aside.
bool Matches(const generation::ListQuery& query, const generation::Record& record);

// The page that a query of a GenerationStore wants, from one snapshot. What it costs follows `limit`, not how many
// records have ended, wherever the query names a caller; where it asks for a state or a model as well, it may look at all
// of the caller's that run. Opens and ends a read transaction.
absl::StatusOr<std::vector<generation::Record>> ListRecords(SqliteConnection& connection,
                                                            const generation::ListQuery& query);

// The statements that ListRecords runs for a caller: for tests of how SQLite plans them.
std::vector<std::string> ListingStatements();

}  // namespace easel::storage
