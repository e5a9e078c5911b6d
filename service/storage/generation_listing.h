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
// records there are, wherever the query names a caller: every combination of its conditions has an index whose order is
// the listing's. Opens and ends a read transaction.
absl::StatusOr<std::vector<generation::Record>> ListRecords(SqliteConnection& connection,
                                                            const generation::ListQuery& query);

// The statements that ListRecords runs for a page of this query: for tests of how SQLite plans them.
std::vector<std::string> ListingStatements(const generation::ListQuery& query);

}  // namespace easel::storage
