#include "storage/kept_bytes.h"

#include "storage/sqlite_query.h"

namespace easel::storage {
namespace {

// Nobody needs to know how many more.
constexpr char kUses[] =
    "SELECT count(*) FROM (SELECT 1 FROM generations INDEXED BY generations_image WHERE image_digest = ? LIMIT 2)";

absl::StatusOr<std::int64_t> UsesOf(SqliteConnection& connection, const KeptImage& image) {
  if (image.digest.empty()) return 2;
  SqliteQuery uses(connection, kUses);
  const absl::StatusOr<bool> row = uses.Text(image.digest).Step();
  if (!row.ok()) return row.status();
  return uses.IntegerAt(0);
}

absl::Status Count(SqliteConnection& connection, const KeptImage& before, const KeptImage& after) {
  const absl::StatusOr<std::int64_t> still = UsesOf(connection, before);
  if (!still.ok()) return still.status();
  const absl::StatusOr<std::int64_t> now = UsesOf(connection, after);
  if (!now.ok()) return now.status();
  const std::int64_t change = (*now == 1 ? after.bytes : 0) - (*still == 0 ? before.bytes : 0);
  if (change == 0) return absl::OkStatus();
  SqliteQuery update(connection, "UPDATE kept SET image_bytes = image_bytes + ? WHERE id = 1");
  return update.Integer(change).Run();
}

}  // namespace

absl::Status CountKeptBytes(SqliteConnection& connection, const KeptImage& before, const KeptImage& after) {
  if (before.digest == after.digest) return absl::OkStatus();
  absl::Status counted = Count(connection, before, after);
  if (!counted.ok() && connection.InTransaction()) connection.Execute("ROLLBACK").IgnoreError();
  return counted;
}

absl::StatusOr<std::int64_t> KeptImageBytes(SqliteConnection& connection) {
  SqliteQuery sum(connection, "SELECT image_bytes FROM kept WHERE id = 1");
  const absl::StatusOr<bool> row = sum.Step();
  if (!row.ok()) return row.status();
  return *row ? sum.IntegerAt(0) : 0;
}

}  // namespace easel::storage
