#include "storage/postgres_quota.h"

#include <cmath>
#include <utility>

#include "storage/postgres_table.h"

namespace easel::storage {
namespace {

using boost::asio::awaitable;
using generation::CallerUsage;
using generation::Replicas;
using generation::Reservation;
using generation::StartBucket;

// A statement of its own: what comes after it sees what the one before has left.
constexpr char kLockCaller[] = "SELECT pg_advisory_xact_lock(hashtextextended('caller ' || $1::text, 0))";

constexpr char kUsage[] =
    "SELECT (SELECT count(*) FROM generations WHERE caller = $1::text AND end_time IS NULL),"
    " (SELECT coalesce(sum(price_micros), 0)::bigint FROM generations"
    "  WHERE caller = $1::text AND end_time IS NULL AND price_currency = $2::text),"
    " (SELECT coalesce(sum(micros), 0)::bigint FROM caller_spending"
    "  WHERE caller = $1::text AND currency = $2::text AND day = $3::bigint),"
    " starts_left, filled FROM (SELECT) AS none LEFT JOIN caller_starts ON caller = $1::text";

constexpr char kKeepStarts[] =
    "INSERT INTO caller_starts (caller, starts_left, filled) VALUES ($1::text, $2::bigint, $3::bigint)"
    " ON CONFLICT (caller) DO UPDATE SET starts_left = excluded.starts_left, filled = excluded.filled";

constexpr double kMillion = 1e6;

std::int64_t DayOf(absl::Time time) { return absl::ToUnixSeconds(time) / (24 * 60 * 60); }

awaitable<absl::StatusOr<CallerUsage>> UsageOf(PostgresConnection& connection, const std::string& caller,
                                               const Replicas::Quota& quota) {
  PostgresValues locked;
  locked.Text(caller);
  const auto lock = co_await connection.Run(kLockCaller, std::move(locked));
  if (!lock.ok()) co_return lock.status();
  PostgresValues values;
  values.Text(caller).Text(quota.price.currency()).Integer(DayOf(quota.today));
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kUsage, std::move(values));
  if (!answer.ok()) co_return answer.status();
  CallerUsage usage{.in_flight = static_cast<int>(answer->IntegerAt(0, 0)),
                    .money_micros = answer->IntegerAt(0, 1) + answer->IntegerAt(0, 2),
                    .starts = {}};
  if (!answer->IsNull(0, 3)) {
    usage.starts = {.left = static_cast<double>(answer->IntegerAt(0, 3)) / kMillion,
                    .filled = absl::FromUnixNanos(answer->IntegerAt(0, 4))};
  }
  co_return usage;
}

awaitable<absl::Status> KeepStarts(PostgresConnection& connection, const std::string& caller, const StartBucket& starts) {
  PostgresValues values;
  values.Text(caller).Integer(std::llround(starts.left * kMillion)).Integer(absl::ToUnixNanos(starts.filled));
  const auto kept = co_await connection.Run(kKeepStarts, std::move(values));
  co_return kept.status();
}

// Between BEGIN and the end of the transaction.
awaitable<absl::StatusOr<Reservation>> Reserve(PostgresConnection& connection, const GenerationRow& row,
                                               const std::string& owner, const Replicas::Quota& quota) {
  absl::StatusOr<CallerUsage> usage = co_await UsageOf(connection, row.caller, quota);
  if (!usage.ok()) co_return usage.status();
  if (!quota.allows(*usage)) co_return absl::ResourceExhaustedError("the caller may not begin another generation");
  absl::StatusOr<Reservation> reserved = co_await ReserveRow(connection, row, owner);
  if (!reserved.ok() || !reserved->inserted) co_return reserved;
  if (absl::Status kept = co_await KeepStarts(connection, row.caller, usage->starts); !kept.ok()) co_return kept;
  co_return reserved;
}

}  // namespace

awaitable<absl::StatusOr<Reservation>> ReserveRowWithin(PostgresConnection& connection, const GenerationRow& row,
                                                        const std::string& owner, const Replicas::Quota& quota) {
  const auto begun = co_await connection.Execute("BEGIN");
  if (!begun.ok()) co_return begun.status();
  absl::StatusOr<Reservation> reserved = co_await Reserve(connection, row, owner, quota);
  const auto ended = co_await connection.Execute(reserved.ok() ? "COMMIT" : "ROLLBACK");
  if (reserved.ok() && !ended.ok()) co_return ended.status();
  co_return reserved;
}

awaitable<absl::Status> ForgetSpendingBefore(PostgresConnection& connection, absl::Time time) {
  PostgresValues values;
  values.Integer(DayOf(time));
  const auto forgotten = co_await connection.Run("DELETE FROM caller_spending WHERE day < $1::bigint", std::move(values));
  co_return forgotten.status();
}

}  // namespace easel::storage
