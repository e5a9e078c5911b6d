#include "storage/postgres_schema.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"

namespace easel::storage {
namespace {

using boost::asio::awaitable;

// kPostgresMigrations[n] leads from version n to n + 1. Only appended to. Times are nanoseconds since 1970, UTC, but for leases,
// which are the server's own. A step of a running generation touches no index, so that its row stays in its page.
constexpr std::array<const char*, 3> kPostgresMigrations = {
    R"sql(
      CREATE TABLE generations (
        name text COLLATE "C" NOT NULL PRIMARY KEY,
        caller text COLLATE "C" NOT NULL,
        request_id text COLLATE "C" NOT NULL,
        state smallint NOT NULL,
        model text COLLATE "C" NOT NULL,
        revision bigint NOT NULL,
        create_time bigint NOT NULL,
        end_time bigint,
        expire_time bigint,
        remove_time bigint,
        image_digest text COLLATE "C",
        image_bytes bigint NOT NULL,
        record bytea NOT NULL,
        owner text COLLATE "C"
      ) WITH (fillfactor = 70);
      CREATE UNIQUE INDEX generations_request ON generations (caller, request_id);
      CREATE INDEX generations_time ON generations (create_time);
      CREATE INDEX generations_running ON generations (caller, name) WHERE end_time IS NULL;
      CREATE INDEX generations_owner ON generations (owner) WHERE end_time IS NULL;
      CREATE INDEX generations_ended ON generations (caller, state, name) WHERE end_time IS NOT NULL;
      CREATE INDEX generations_ended_model ON generations (caller, model, state, name) WHERE end_time IS NOT NULL;
      CREATE INDEX generations_remove ON generations (remove_time, name) WHERE end_time IS NOT NULL;
      CREATE INDEX generations_expire ON generations (expire_time, name)
        WHERE end_time IS NOT NULL AND image_digest IS NOT NULL;
      CREATE INDEX generations_image ON generations (image_digest) INCLUDE (image_bytes) WHERE image_digest IS NOT NULL;
      CREATE TABLE replicas (
        id text COLLATE "C" NOT NULL PRIMARY KEY,
        joined bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        lease_until timestamptz NOT NULL,
        checks bigint NOT NULL DEFAULT 0
      );
    )sql",
    // What other replicas wish of a running generation, and images that are being kept or removed right now.
    R"sql(
      ALTER TABLE generations ADD COLUMN cancel_wish smallint NOT NULL DEFAULT 0, ADD COLUMN keeping text COLLATE "C";
      CREATE INDEX generations_keeping ON generations (keeping) WHERE keeping IS NOT NULL;
      CREATE TABLE removals (
        digest text COLLATE "C" NOT NULL PRIMARY KEY,
        replica text COLLATE "C" NOT NULL
      );
    )sql",
    // What callers have: money set aside for what is in flight, spent by day (counted from 1970, UTC), and starts left, in
    // millionths.
    R"sql(
      ALTER TABLE generations ADD COLUMN price_currency text COLLATE "C" NOT NULL DEFAULT '',
        ADD COLUMN price_micros bigint NOT NULL DEFAULT 0;
      CREATE TABLE caller_spending (
        caller text COLLATE "C" NOT NULL,
        day bigint NOT NULL,
        currency text COLLATE "C" NOT NULL,
        part integer NOT NULL,
        micros bigint NOT NULL,
        PRIMARY KEY (caller, day, currency, part)
      );
      CREATE TABLE caller_starts (
        caller text COLLATE "C" NOT NULL PRIMARY KEY,
        starts_left bigint NOT NULL,
        filled bigint NOT NULL
      );
    )sql"};

awaitable<absl::StatusOr<std::int64_t>> Number(PostgresConnection& connection, std::string sql) {
  PostgresValues none;
  const absl::StatusOr<PostgresResult> answer = co_await connection.RunOnce(std::move(sql), std::move(none));
  if (!answer.ok()) co_return answer.status();
  co_return answer->rows() > 0 ? answer->IntegerAt(0, 0) : 0;
}

// A role that may not create schemas can use one that was made for it.
awaitable<absl::Status> Begin(PostgresConnection& connection, const std::string& schema) {
  auto answer = co_await connection.Execute(
      absl::Substitute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('$0 migration'))", schema));
  if (!answer.ok()) co_return answer.status();
  const auto there = co_await Number(
      connection, absl::Substitute("SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = '$0'", schema));
  if (!there.ok()) co_return there.status();
  if (*there == 0) {
    answer = co_await connection.Execute(absl::Substitute("CREATE SCHEMA $0", schema));
    if (!answer.ok()) co_return answer.status();
  }
  answer = co_await connection.Execute("CREATE TABLE IF NOT EXISTS easel_schema (version bigint NOT NULL)");
  co_return answer.status();
}

awaitable<absl::Status> Migrate(PostgresConnection& connection, const std::string& schema) {
  if (absl::Status begun = co_await Begin(connection, schema); !begun.ok()) co_return begun;
  const auto version = co_await Number(connection, "SELECT max(version) FROM easel_schema");
  if (!version.ok()) co_return version.status();
  constexpr auto kNewest = static_cast<std::int64_t>(kPostgresMigrations.size());
  if (*version > kNewest || *version < 0) {
    co_return absl::FailedPreconditionError(
        absl::StrCat("the tables in the schema '", schema, "' of the database were made by a newer Easel (version ",
                     *version, "; this one knows up to ", kNewest, "): start that version, or name another database"));
  }
  for (auto next = static_cast<std::size_t>(*version); next < kPostgresMigrations.size(); ++next) {
    const auto done = co_await connection.Execute(absl::StrCat(
        kPostgresMigrations[next], "; DELETE FROM easel_schema; INSERT INTO easel_schema VALUES (", next + 1, ")"));
    if (!done.ok()) co_return done.status();
  }
  const auto committed = co_await connection.Execute("COMMIT");
  co_return committed.status();
}

}  // namespace

awaitable<absl::Status> MigratePostgresSchema(PostgresConnection& connection, const std::string& schema) {
  absl::Status migrated = co_await Migrate(connection, schema);
  if (!migrated.ok()) {
    const auto undone = co_await connection.Execute("ROLLBACK");
    undone.status().IgnoreError();
  }
  co_return migrated;
}

}  // namespace easel::storage
