#include "storage/postgres_replicas.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/digest.h"
#include "storage/postgres_quota.h"
#include "storage/postgres_schema.h"
#include "storage/postgres_table.h"

namespace easel::storage {

namespace asio = boost::asio;
using asio::awaitable;
using generation::Record;

namespace {

constexpr char kOwned[] =
    "SELECT name, cancel_wish::bigint FROM generations WHERE owner = $1::text AND end_time IS NULL ORDER BY name";
constexpr char kTakeOver[] =
    "WITH free AS (SELECT g.name FROM generations g WHERE g.end_time IS NULL AND g.owner IS DISTINCT FROM $1::text"
    "  AND NOT EXISTS (SELECT FROM replicas r WHERE r.id = g.owner) ORDER BY g.name LIMIT $2::bigint"
    "  FOR UPDATE OF g SKIP LOCKED)"
    " UPDATE generations g SET owner = $1::text FROM free WHERE g.name = free.name"
    "  AND EXISTS (SELECT FROM replicas WHERE id = $1::text AND lease_until > clock_timestamp()) RETURNING g.record";
constexpr char kLetGo[] =
    "UPDATE generations SET owner = NULL WHERE owner = $1::text AND end_time IS NULL AND state = $2::smallint"
    " RETURNING 1::bigint";
constexpr char kCountQueued[] =
    "SELECT model, count(*) FROM generations WHERE end_time IS NULL AND state = $1::smallint GROUP BY model";
constexpr char kTell[] =
    "UPDATE generations SET cancel_wish = greatest(cancel_wish, $2::smallint) WHERE name = $1::text AND end_time IS NULL"
    " RETURNING 1::bigint";
constexpr char kHold[] =
    "UPDATE generations SET keeping = $2::text WHERE name = $1::text AND owner = $3::text AND NOT EXISTS"
    " (SELECT FROM removals JOIN replicas ON replicas.id = removals.replica WHERE removals.digest = $2::text)"
    " AND set_config('synchronous_commit', 'off', true) = 'off' RETURNING 1::bigint";
constexpr char kClaim[] =
    "INSERT INTO removals (digest, replica) SELECT $1::text, $2::text"
    " WHERE NOT EXISTS (SELECT FROM generations WHERE image_digest = $1::text)"
    " AND NOT EXISTS (SELECT FROM generations WHERE keeping = $1::text)"
    " ON CONFLICT (digest) DO UPDATE SET replica = excluded.replica RETURNING 1::bigint";

// Words of news: what happened, and the generation.
constexpr std::string_view kChanged = "changed";
constexpr std::string_view kWished = "wished";
constexpr std::string_view kLeft = "left";

// Of a lease's time.
constexpr int kRenewals = 3;
constexpr int kTriesWhenAway = 15;

constexpr absl::Duration kDay = absl::Hours(24);

std::chrono::nanoseconds Part(absl::Duration lease, int parts) { return absl::ToChronoNanoseconds(lease / parts); }

// What locks a digest for a transaction: who holds it and who claims it come one after the other.
std::string LockDigest(std::string_view digest) {
  return absl::StrCat("BEGIN; SELECT pg_advisory_xact_lock(hashtext('image ", std::string(digest), "'))");
}

// Between LockDigest and the end of the transaction; whether a row was changed.
awaitable<absl::StatusOr<bool>> RunLocked(PostgresConnection& connection, std::string digest, const char* sql,
                                          PostgresValues values) {
  const auto locked = co_await connection.Execute(LockDigest(digest));
  if (!locked.ok()) co_return locked.status();
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(sql, std::move(values));
  const auto ended = co_await connection.Execute(answer.ok() ? "COMMIT" : "ROLLBACK");
  if (!answer.ok()) co_return answer.status();
  if (!ended.ok()) co_return ended.status();
  co_return answer->rows() == 1;
}

// What cannot pass by waiting is the operator's business: a wrong password, a database that is not there.
absl::Status Unusable(const absl::Status& why) {
  if (absl::IsFailedPrecondition(why)) return why;
  return {why.code(), absl::StrCat("the store cannot be used: ", std::string(why.message()),
                                   "; see EASEL_STORE, and whether the database is up and lets this service in")};
}

}  // namespace

PostgresReplicas::PostgresReplicas(PostgresOptions options)
    : pool_(options, options.connections), keeper_(options, 1), lease_(options.lease), news_(keeper_),
      pause_(keeper_.loop()) {}

absl::StatusOr<std::unique_ptr<PostgresReplicas>> PostgresReplicas::Join(PostgresOptions options) {
  std::unique_ptr<PostgresReplicas> replicas(new PostgresReplicas(std::move(options)));
  if (absl::Status started = replicas->Start(); !started.ok()) return Unusable(started);
  return replicas;
}

absl::Status PostgresReplicas::Start() {
  auto start = [this]() -> awaitable<absl::Status> {
    const std::string& schema = keeper_.options().schema;
    auto migrate = [&schema](PostgresConnection& connection) { return MigratePostgresSchema(connection, schema); };
    absl::Status migrated = co_await keeper_.Run(std::move(migrate));
    if (!migrated.ok()) co_return migrated;
    const absl::StatusOr<bool> kept = co_await KeepLease();
    co_return kept.status();
  };
  absl::Status started = asio::co_spawn(keeper_.loop(), start(), asio::use_future).get();
  if (!started.ok()) return started;
  asio::co_spawn(keeper_.loop(), KeepOn(), asio::detached);
  news_.Listen({.word = [this](std::string_view word) { Heard(word); },
                .connected = [this] { Tell([](Listener& listener) { listener.Reconnected(); }); }});
  return absl::OkStatus();
}

PostgresReplicas::~PostgresReplicas() {
  Listen(nullptr);
  news_.Stop();
  asio::post(keeper_.loop(), [this] {
    leaving_ = true;
    pause_.cancel();
  });
  pool_.Shutdown();
  keeper_.Shutdown();
}

awaitable<absl::StatusOr<bool>> PostgresReplicas::KeepLease() {
  auto keep = [this](PostgresConnection& connection) { return lease_.Keep(connection); };
  co_return co_await keeper_.Run(std::move(keep));
}

awaitable<void> PostgresReplicas::KeepOn() {
  bool kept = true;
  while (!leaving_) {
    pause_.expires_after(Part(lease_.time(), kept ? kRenewals : kTriesWhenAway));
    co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (leaving_) co_return;
    const absl::StatusOr<bool> renewed = co_await KeepLease();
    if (std::exchange(kept, renewed.ok()) && !kept && !leaving_) {
      const absl::Status why(renewed.status().code(), absl::StrCat("the lease was not renewed: ", renewed.status().message()));
      Tell([&why](Listener& listener) { listener.NotRenewed(why); });
    }
    if (kept && !leaving_) Tell([](Listener& listener) { listener.Pulse(); });
    if (kept && !leaving_) co_await ForgetOldSpending();
  }
}

// Once a day is enough. Yesterday's stays: not all clocks are the same.
awaitable<void> PostgresReplicas::ForgetOldSpending() {
  const absl::Time now = absl::Now();
  if (now - forgot_ < kDay) co_return;
  auto forget = [now](PostgresConnection& connection) { return ForgetSpendingBefore(connection, now - kDay); };
  const absl::Status forgotten = co_await keeper_.Run(std::move(forget));
  if (forgotten.ok()) forgot_ = now;
}

void PostgresReplicas::Listen(Listener* listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = listener;
}

void PostgresReplicas::Tell(const std::function<void(Listener&)>& news) {
  const std::lock_guard lock(listener_mutex_);
  if (listener_ != nullptr) news(*listener_);
}

void PostgresReplicas::Announce(std::string_view name, std::int64_t revision) {
  news_.Say(absl::StrCat(kChanged.data(), " ", std::string(name), " ", revision));
}

void PostgresReplicas::Heard(std::string_view word) {
  const std::vector<std::string> parts = absl::StrSplit(absl::string_view(word.data(), word.size()), ' ');
  if (parts.front() == kLeft) return Tell([](Listener& listener) { listener.Pulse(); });
  int number = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[2], &number)) return;
  Tell([&](Listener& listener) {
    if (parts[0] == kChanged) listener.Changed(parts[1], number);
    if (parts[0] == kWished) listener.Wished(parts[1], static_cast<Wish>(number));
  });
}

awaitable<absl::StatusOr<std::vector<generation::Replicas::Owned>>> PostgresReplicas::ListOwned() {
  return pool_.Run([owner = owner()](PostgresConnection& connection) -> awaitable<absl::StatusOr<std::vector<Owned>>> {
    PostgresValues values;
    values.Text(owner);
    const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kOwned, std::move(values));
    if (!answer.ok()) co_return answer.status();
    std::vector<Owned> owned;
    for (int row = 0; row < answer->rows(); ++row) {
      owned.push_back({std::string(answer->BytesAt(row, 0)), static_cast<Wish>(answer->IntegerAt(row, 1))});
    }
    co_return owned;
  });
}

awaitable<absl::StatusOr<std::vector<Record>>> PostgresReplicas::TakeOver(int limit) {
  return pool_.Run([owner = owner(), limit](PostgresConnection& connection) -> awaitable<absl::StatusOr<std::vector<Record>>> {
    PostgresValues values;
    values.Text(owner).Integer(limit);
    const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kTakeOver, std::move(values));
    co_return RecordsOf(answer);
  });
}

awaitable<absl::StatusOr<generation::Replicas::CountByModel>> PostgresReplicas::LetGoOfQueued() {
  return pool_.Run([this, owner = owner()](PostgresConnection& connection) -> awaitable<absl::StatusOr<CountByModel>> {
    PostgresValues ours;
    ours.Text(owner).Integer(v1::GENERATION_STATE_QUEUED);
    const absl::StatusOr<PostgresResult> free = co_await connection.Run(kLetGo, std::move(ours));
    if (!free.ok()) co_return free.status();
    if (free->rows() > 0) news_.Say(std::string(kLeft));
    PostgresValues all;
    all.Integer(v1::GENERATION_STATE_QUEUED);
    const absl::StatusOr<PostgresResult> counted = co_await connection.Run(kCountQueued, std::move(all));
    if (!counted.ok()) co_return counted.status();
    CountByModel waiting;
    for (int row = 0; row < counted->rows(); ++row) {
      waiting[std::string(counted->BytesAt(row, 0))] = static_cast<int>(counted->IntegerAt(row, 1));
    }
    co_return waiting;
  });
}

awaitable<absl::Status> PostgresReplicas::Tell(std::string_view name, Wish wish) {
  const std::string told(name);
  const auto number = static_cast<int>(wish);
  absl::Status written;
  if (wish != Wish::kLeave) {
    auto write = [told, number](PostgresConnection& connection) -> awaitable<absl::Status> {
      PostgresValues values;
      values.Text(told).Integer(number);
      const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kTell, std::move(values));
      if (!answer.ok()) co_return answer.status();
      co_return answer->rows() == 1 ? absl::OkStatus() : NoSuchGeneration(told);
    };
    written = co_await pool_.Run(std::move(write));
  }
  if (written.ok()) news_.Say(absl::StrCat(kWished.data(), " ", told, " ", number));
  co_return written;
}

awaitable<absl::Status> PostgresReplicas::HoldImage(std::string_view name, std::string_view digest) {
  if (!IsDigest(digest)) co_return NotADigest();
  auto hold = [name = std::string(name), digest = std::string(digest), owner = owner()](PostgresConnection& connection) {
    PostgresValues values;
    values.Text(name).Text(digest).Text(owner);
    return RunLocked(connection, digest, kHold, std::move(values));
  };
  const absl::StatusOr<bool> held = co_await pool_.Run(std::move(hold));
  if (!held.ok()) co_return held.status();
  if (!*held) co_return absl::UnavailableError("an image with the same bytes is being removed, or another process is at it");
  co_return absl::OkStatus();
}

awaitable<absl::StatusOr<bool>> PostgresReplicas::ClaimImage(std::string_view digest) {
  if (!IsDigest(digest)) return Ready<absl::StatusOr<bool>>(NotADigest());
  return pool_.Run([digest = std::string(digest), owner = owner()](PostgresConnection& connection) {
    PostgresValues values;
    values.Text(digest).Text(owner);
    return RunLocked(connection, digest, kClaim, std::move(values));
  });
}

awaitable<absl::Status> PostgresReplicas::ForgetImage(std::string_view digest) {
  return pool_.Run([digest = std::string(digest)](PostgresConnection& connection) -> awaitable<absl::Status> {
    PostgresValues values;
    values.Text(digest);
    const auto forgotten = co_await connection.Run("DELETE FROM removals WHERE digest = $1::text", std::move(values));
    co_return forgotten.status();
  });
}

awaitable<absl::StatusOr<generation::Reservation>> PostgresReplicas::ReserveWithin(Quota quota, generation::Snapshot record) {
  GenerationRow row = ToRow(*record);
  row.price_currency = quota.price.currency();
  row.price_micros = quota.price.cost_micros();
  return pool_.Run([row = std::move(row), owner = owner(), quota = std::move(quota)](PostgresConnection& connection) {
    return ReserveRowWithin(connection, row, owner, quota);
  });
}

awaitable<absl::Status> PostgresReplicas::Leave() {
  auto give_up = [this](PostgresConnection& connection) -> awaitable<absl::Status> {
    leaving_ = true;
    pause_.cancel();
    absl::Status gone = co_await lease_.GiveUp(connection);
    PostgresValues values;
    values.Text(keeper_.options().schema).Text(kLeft);
    const auto said = co_await connection.Run("SELECT 1::bigint FROM pg_notify($1::text, $2::text)", std::move(values));
    gone.Update(said.status());
    co_return gone;
  };
  co_return co_await keeper_.Run(std::move(give_up));
}

}  // namespace easel::storage
