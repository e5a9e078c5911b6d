#pragma once

#include <string_view>

#include "absl/status/status.h"

struct sqlite3;

namespace easel::storage {

// What a result code of SQLite's means to a GenerationStore, with SQLite's words and the system's reason: SQLITE_FULL and
// a full disk are RESOURCE_EXHAUSTED; SQLITE_CORRUPT and SQLITE_NOTADB are DATA_LOSS, with what to do; anything that may
// pass is UNAVAILABLE; a mistake of ours is INTERNAL. `doing` completes "cannot ...". `db` may be null.
absl::Status SqliteError(int code, sqlite3* db, std::string_view doing, std::string_view path);

}  // namespace easel::storage
