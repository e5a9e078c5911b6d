#include "storage/sqlite_schema.h"

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "easel/v1/generation.pb.h"
#include "storage/sqlite_query.h"

namespace easel::storage {
namespace {

// What migrations say of running and of ended records spells this limit.
static_assert(v1::GENERATION_STATE_SUCCEEDED == 5 && v1::GENERATION_STATE_FETCHING == 4);

// kMigrations[n] leads from version n to n + 1. Only appended to. Times are nanoseconds since 1970, UTC.
constexpr std::array<const char*, 3> kMigrations = {
    R"sql(
      CREATE TABLE generations (
        name TEXT NOT NULL PRIMARY KEY,
        caller TEXT NOT NULL,
        request_id TEXT NOT NULL,
        state INTEGER NOT NULL,
        model TEXT NOT NULL,
        revision INTEGER NOT NULL,
        create_time INTEGER NOT NULL,
        end_time INTEGER,
        expire_time INTEGER,
        image_digest TEXT,
        image_bytes INTEGER NOT NULL,
        record BLOB NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX generations_request ON generations (caller, request_id);
      CREATE INDEX generations_caller ON generations (caller, name);
      CREATE INDEX generations_caller_state ON generations (caller, state, name);
      CREATE INDEX generations_caller_model_state ON generations (caller, model, state, name);
      CREATE INDEX generations_caller_time ON generations (caller, create_time, name);
      CREATE INDEX generations_running ON generations (name) WHERE state < 5;
      CREATE INDEX generations_image ON generations (image_digest) WHERE image_digest IS NOT NULL;
      CREATE TABLE probe (id INTEGER NOT NULL PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    )sql",
    R"sql(
      ALTER TABLE generations ADD COLUMN remove_time INTEGER;
      UPDATE generations SET remove_time = max(expire_time, end_time + 86400000000000) WHERE state >= 5;
      DROP INDEX generations_image;
      CREATE INDEX generations_image ON generations (image_digest, image_bytes) WHERE image_digest IS NOT NULL;
      CREATE INDEX generations_remove ON generations (remove_time, name) WHERE state >= 5;
      CREATE INDEX generations_expire ON generations (expire_time, name) WHERE state >= 5 AND image_digest IS NOT NULL;
      CREATE INDEX generations_end ON generations (end_time, name) WHERE state >= 5 AND image_digest IS NOT NULL;
    )sql",
    // Every index costs each write: one for each order that is asked for, none of which a step of a running generation
    // touches. From here on end_time is set if and only if the generation has ended.
    R"sql(
      DROP INDEX generations_caller;
      DROP INDEX generations_caller_state;
      DROP INDEX generations_caller_model_state;
      DROP INDEX generations_caller_time;
      DROP INDEX generations_running;
      DROP INDEX generations_image;
      DROP INDEX generations_remove;
      DROP INDEX generations_expire;
      DROP INDEX generations_end;
      UPDATE generations SET end_time = coalesce(end_time, 0) WHERE state >= 5 AND end_time IS NULL;
      UPDATE generations SET end_time = NULL WHERE state < 5 AND end_time IS NOT NULL;
      CREATE INDEX generations_time ON generations (create_time);
      CREATE INDEX generations_running ON generations (caller, name) WHERE end_time IS NULL;
      CREATE INDEX generations_ended ON generations (caller, model, state, name, create_time) WHERE end_time IS NOT NULL;
      CREATE INDEX generations_remove ON generations (remove_time) WHERE end_time IS NOT NULL;
      CREATE INDEX generations_expire ON generations (expire_time) WHERE end_time IS NOT NULL AND image_digest IS NOT NULL;
      CREATE INDEX generations_image ON generations (image_digest) WHERE image_digest IS NOT NULL;
      CREATE TABLE kept (id INTEGER NOT NULL PRIMARY KEY, image_bytes INTEGER NOT NULL) STRICT;
      INSERT INTO kept SELECT 1, coalesce(sum(bytes), 0) FROM (
        SELECT max(image_bytes) AS bytes FROM generations WHERE image_digest IS NOT NULL GROUP BY image_digest);
    )sql"};

absl::StatusOr<std::int64_t> Number(SqliteConnection& connection, std::string_view sql) {
  SqliteQuery query(connection, sql);
  const absl::StatusOr<bool> row = query.Step();
  if (!row.ok()) return row.status();
  return *row ? query.IntegerAt(0) : 0;
}

absl::Status CheckOwnership(SqliteConnection& connection, std::int64_t version, const std::string& path) {
  constexpr auto kNewest = static_cast<std::int64_t>(kMigrations.size());
  if (version > kNewest || version < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " was written by a newer Easel (schema ", version, "; this one knows up to ", kNewest,
                     "): start that version, or choose another data directory"));
  }
  if (version > 0) return absl::OkStatus();
  const absl::StatusOr<std::int64_t> tables = Number(connection, "SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*tables == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is a database of some other program: choose another data directory"));
}

}  // namespace

absl::Status MigrateSchema(SqliteConnection& connection, const std::string& path) {
  const absl::StatusOr<std::int64_t> version = Number(connection, "PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (absl::Status owned = CheckOwnership(connection, *version, path); !owned.ok()) return owned;
  for (auto next = static_cast<std::size_t>(*version); next < kMigrations.size(); ++next) {
    const absl::Status done = connection.Execute(
        absl::StrCat("BEGIN IMMEDIATE; ", kMigrations[next], "PRAGMA user_version=", next + 1, "; COMMIT;"));
    if (!done.ok()) return done;
  }
  return absl::OkStatus();
}

}  // namespace easel::storage
