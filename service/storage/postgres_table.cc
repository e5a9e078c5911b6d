#include "storage/postgres_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace easel::storage {
namespace {

using boost::asio::awaitable;
using generation::DueQuery;
using generation::Durability;
using generation::Record;
using generation::Reservation;

// What the statement sees of the record that has the id is as of its begin: a rival that was quicker may be missing.
constexpr char kReserveRow[] =
    "WITH alive AS (SELECT 1 FROM replicas WHERE id = $14 AND lease_until > clock_timestamp()),"
    " added AS (INSERT INTO generations (name, caller, request_id, state, model, revision, create_time, end_time,"
    "  expire_time, remove_time, image_digest, image_bytes, record, owner, price_currency, price_micros)"
    "  SELECT $1::text, $2::text, $3::text, $4::smallint, $5::text, $6::bigint, $7::bigint, $8::bigint, $9::bigint,"
    "   $10::bigint, $11::text, $12::bigint, $13::bytea, CASE WHEN $8::bigint IS NULL THEN $14 END, $15::text, $16::bigint"
    "  FROM alive"
    "  ON CONFLICT (caller, request_id) DO NOTHING RETURNING 1)"
    " SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM alive),"
    "  (SELECT record FROM generations WHERE caller = $2::text AND request_id = $3::text)";

// $1 to $9 are the new content, $10 the name, $11 the owner, $12 whether it may be lost with the machine, $13 and $14 what
// was spent. Beside what changed, the answer says how things stood before. What one caller spends on a day lies in several
// rows, so that ends need not wait for each other.
constexpr char kUpdateRow[] =
    "WITH before AS (SELECT revision, end_time IS NOT NULL AS ended, owner FROM generations WHERE name = $10::text),"
    " alive AS (SELECT 1 FROM replicas WHERE id = $11 AND lease_until > clock_timestamp()),"
    " changed AS (UPDATE generations g SET state = $1::smallint, model = $2::text, revision = $3::bigint,"
    "  end_time = $4::bigint, expire_time = $5::bigint, remove_time = $6::bigint, image_digest = $7::text,"
    "  image_bytes = $8::bigint, record = $9::bytea, owner = CASE WHEN $4::bigint IS NULL THEN $11 END,"
    "  cancel_wish = CASE WHEN g.end_time IS NULL THEN g.cancel_wish ELSE 0 END,"
    "  keeping = CASE WHEN $4::bigint IS NULL THEN g.keeping END"
    "  WHERE g.name = $10::text AND g.revision = $3::bigint - 1"
    "  AND (g.owner = $11 OR (g.end_time IS NOT NULL AND ($4::bigint IS NOT NULL OR EXISTS (SELECT FROM alive))))"
    "  AND ($12::bigint = 0 OR set_config('synchronous_commit', 'off', true) = 'off') RETURNING g.caller),"
    " spent AS (INSERT INTO caller_spending AS s (caller, day, currency, part, micros)"
    "  SELECT changed.caller, $4::bigint / 86400000000000, $13::text, abs(hashtext($10::text) % 16), $14::bigint"
    "  FROM changed, before WHERE $14::bigint > 0 AND $4::bigint IS NOT NULL AND NOT before.ended"
    "  ON CONFLICT (caller, day, currency, part) DO UPDATE SET micros = s.micros + excluded.micros)"
    " SELECT (SELECT count(*) FROM changed), (SELECT revision FROM before), (SELECT ended::int::bigint FROM before),"
    "  (SELECT (owner = $11)::int::bigint FROM before), (SELECT count(*) FROM alive)";

constexpr char kRemoveRow[] =
    "WITH before AS (SELECT revision FROM generations WHERE name = $1::text),"
    " removed AS (DELETE FROM generations WHERE name = $1::text AND revision = $2::bigint RETURNING 1)"
    " SELECT (SELECT count(*) FROM removed), (SELECT revision FROM before)";

constexpr char kDueByRemoveTime[] =
    "SELECT record FROM generations WHERE end_time IS NOT NULL AND remove_time <= $1::bigint"
    " AND (remove_time, name) > ($2::bigint, $3::text) ORDER BY remove_time, name LIMIT $4::bigint";
constexpr char kDueByExpireTime[] =
    "SELECT record FROM generations WHERE end_time IS NOT NULL AND image_digest IS NOT NULL AND expire_time <= $1::bigint"
    " AND (expire_time, name) > ($2::bigint, $3::text) ORDER BY expire_time, name LIMIT $4::bigint";

// A look at a large index, but only one process asks, now and then, and only where room for images is limited.
constexpr char kKeptBytes[] =
    "SELECT coalesce(sum(bytes), 0)::bigint FROM (SELECT max(image_bytes) AS bytes FROM generations"
    " WHERE image_digest IS NOT NULL GROUP BY image_digest) AS each";

constexpr char kUnusedDigests[] =
    "SELECT digest FROM unnest($1::text[]) WITH ORDINALITY AS asked (digest, place)"
    " WHERE NOT EXISTS (SELECT FROM generations WHERE image_digest = digest)"
    " AND NOT EXISTS (SELECT FROM generations WHERE keeping = digest) ORDER BY place";

// A record that was removed between two looks is looked for again; more often than this it is no accident.
constexpr int kReserveRounds = 8;

absl::Status NoLeaseHeld() {
  return absl::UnavailableError("this process was not heard of in time and must register with the database again first");
}

absl::StatusOr<Record> OneRecord(const absl::StatusOr<PostgresResult>& result, absl::Status none) {
  if (!result.ok()) return result.status();
  if (result->rows() == 0) return none;
  return ParseRecord(result->BytesAt(0, 0));
}

}  // namespace

absl::StatusOr<std::vector<Record>> RecordsOf(const absl::StatusOr<PostgresResult>& result) {
  if (!result.ok()) return result.status();
  std::vector<Record> records;
  records.reserve(static_cast<std::size_t>(result->rows()));
  for (int row = 0; row < result->rows(); ++row) {
    absl::StatusOr<Record> record = ParseRecord(result->BytesAt(row, 0));
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
  return records;
}

awaitable<absl::StatusOr<Reservation>> ReserveRow(PostgresConnection& connection, const GenerationRow& row,
                                                  const std::string& owner) {
  for (int round = 0; round < kReserveRounds; ++round) {
    PostgresValues values;
    values.Text(row.name).Text(row.caller).Text(row.request_id).Integer(row.state).Text(row.model).Integer(row.revision);
    values.Integer(row.create_time).IntegerOrNull(row.end_time).IntegerOrNull(row.expire_time);
    values.IntegerOrNull(row.remove_time).TextOrNull(row.image_digest).Integer(row.image_bytes).Bytes(row.record);
    values.Text(owner).Text(row.price_currency).Integer(row.price_micros);
    const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kReserveRow, std::move(values));
    if (!answer.ok()) co_return answer.status();
    if (answer->IntegerAt(0, 0) == 1) co_return Reservation{.inserted = true};
    absl::StatusOr<Record> kept = NoSuchRequest(row.caller, row.request_id);
    if (!answer->IsNull(0, 2)) {
      kept = ParseRecord(answer->BytesAt(0, 2));
    } else if (answer->IntegerAt(0, 1) == 0) {
      co_return NoLeaseHeld();
    } else {
      kept = co_await FindRecord(connection, row.caller, row.request_id);
    }
    if (kept.ok()) co_return Reservation{.inserted = false, .record = *std::move(kept)};
    if (!absl::IsNotFound(kept.status())) co_return kept.status();
  }
  co_return absl::UnavailableError("a generation with this request_id comes and goes all the time");
}

awaitable<absl::Status> UpdateRow(PostgresConnection& connection, const GenerationRow& row, Durability durability,
                                  const std::string& owner) {
  PostgresValues values;
  values.Integer(row.state).Text(row.model).Integer(row.revision).IntegerOrNull(row.end_time);
  values.IntegerOrNull(row.expire_time).IntegerOrNull(row.remove_time).TextOrNull(row.image_digest);
  values.Integer(row.image_bytes).Bytes(row.record).Text(row.name).Text(owner);
  values.Integer(durability == Durability::kProcess ? 1 : 0).Text(row.charge_currency).Integer(row.charge_micros);
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kUpdateRow, std::move(values));
  if (!answer.ok()) co_return answer.status();
  if (answer->IntegerAt(0, 0) == 1) co_return absl::OkStatus();
  if (answer->IsNull(0, 1)) co_return NoSuchGeneration(row.name);
  const std::int64_t kept = answer->IntegerAt(0, 1);
  const bool ended = answer->IntegerAt(0, 2) != 0;
  if (!ended && answer->IntegerAt(0, 3) == 0) {
    co_return absl::FailedPreconditionError(
        absl::StrCat("'", row.name, "' was taken over by another replica: this one was not heard of in time"));
  }
  if (kept == row.revision - 1 && ended && answer->IntegerAt(0, 4) == 0) co_return NoLeaseHeld();
  // Where the revision was the right one, somebody was quicker while this statement waited.
  co_return OtherRevision(row.name, kept == row.revision - 1 ? row.revision : kept, row.revision);
}

awaitable<absl::Status> RemoveRow(PostgresConnection& connection, std::string_view name, std::int64_t revision) {
  PostgresValues values;
  values.Text(name).Integer(revision);
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kRemoveRow, std::move(values));
  if (!answer.ok()) co_return answer.status();
  if (answer->IntegerAt(0, 0) == 1) co_return absl::OkStatus();
  if (answer->IsNull(0, 1)) co_return NoSuchGeneration(name);
  const std::int64_t kept = answer->IntegerAt(0, 1);
  co_return NotThisRevision(name, kept == revision ? revision + 1 : kept, revision);
}

awaitable<absl::StatusOr<Record>> GetRecord(PostgresConnection& connection, std::string_view name) {
  PostgresValues values;
  values.Text(name);
  const auto answer =
      co_await connection.Run("SELECT record FROM generations WHERE name = $1::text", std::move(values));
  co_return OneRecord(answer, NoSuchGeneration(name));
}

awaitable<absl::StatusOr<Record>> FindRecord(PostgresConnection& connection, std::string_view caller,
                                             std::string_view request_id) {
  PostgresValues values;
  values.Text(caller).Text(request_id);
  const auto answer = co_await connection.Run(
      "SELECT record FROM generations WHERE caller = $1::text AND request_id = $2::text", std::move(values));
  co_return OneRecord(answer, NoSuchRequest(caller, request_id));
}

awaitable<absl::StatusOr<std::vector<Record>>> RunningRecords(PostgresConnection& connection) {
  PostgresValues none;
  const auto answer = co_await connection.Run("SELECT record FROM generations WHERE end_time IS NULL ORDER BY name",
                                              std::move(none));
  co_return RecordsOf(answer);
}

awaitable<absl::StatusOr<std::vector<Record>>> DueRecords(PostgresConnection& connection, const DueQuery& query) {
  PostgresValues values;
  values.Integer(absl::ToUnixNanos(query.until)).Integer(absl::ToUnixNanos(query.after_time)).Text(query.after_name);
  values.Integer(std::max(query.limit, 0));
  const char* statement = query.by == DueQuery::By::kRemoveTime ? kDueByRemoveTime : kDueByExpireTime;
  const auto answer = co_await connection.Run(statement, std::move(values));
  co_return RecordsOf(answer);
}

awaitable<absl::StatusOr<std::int64_t>> KeptImageBytes(PostgresConnection& connection) {
  PostgresValues none;
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kKeptBytes, std::move(none));
  if (!answer.ok()) co_return answer.status();
  co_return answer->IntegerAt(0, 0);
}

awaitable<absl::StatusOr<std::vector<std::string>>> UnusedDigests(PostgresConnection& connection,
                                                                  const std::vector<std::string>& digests) {
  PostgresValues values;
  values.Written(absl::StrCat("{", absl::StrJoin(digests, ","), "}"));
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kUnusedDigests, std::move(values));
  if (!answer.ok()) co_return answer.status();
  std::vector<std::string> unused;
  for (int row = 0; row < answer->rows(); ++row) unused.emplace_back(answer->BytesAt(row, 0));
  co_return unused;
}

}  // namespace easel::storage
