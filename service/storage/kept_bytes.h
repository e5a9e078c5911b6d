#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite_connection.h"

namespace easel::storage {

// An image that a record refers to; without a digest: none.
struct KeptImage {
  std::string digest;
  std::int64_t bytes = 0;
};

// Keeps the sum of the bytes of all kept images up to date, in the transaction of a change that made a record refer to
// `after` instead of `before`, and after it. What several records share counts once. When it fails, the transaction is
// rolled back: the sum is never of other records than those that are kept.
absl::Status CountKeptBytes(SqliteConnection& connection, const KeptImage& before, const KeptImage& after);

// The sum.
absl::StatusOr<std::int64_t> KeptImageBytes(SqliteConnection& connection);

}  // namespace easel::storage
