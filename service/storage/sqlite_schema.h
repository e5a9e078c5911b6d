#pragma once

#include <string>

#include "absl/status/status.h"
#include "storage/sqlite_connection.h"

namespace easel::storage {

// Brings the file to the newest schema, one version after the other, each in a transaction of its own. `user_version`
// holds the version. FAILED_PRECONDITION: a newer Easel wrote the file, or something else did; it is left alone.
absl::Status MigrateSchema(SqliteConnection& connection, const std::string& path);

}  // namespace easel::storage
