#include "storage/postgres_lease.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace easel::storage {
namespace {

using boost::asio::awaitable;

constexpr char kRenew[] =
    "UPDATE replicas SET lease_until = clock_timestamp() + make_interval(secs => $2::float8) WHERE id = $1::text"
    " RETURNING 1::bigint";
constexpr char kTake[] =
    "INSERT INTO replicas (id, lease_until) VALUES ($1::text, clock_timestamp() + make_interval(secs => $2::float8))";
// The condition is looked at again once a renewal that was under way has ended.
constexpr char kRemoveOthers[] = "DELETE FROM replicas WHERE lease_until < clock_timestamp() AND id <> $1::text";
constexpr char kLookAround[] =
    "SELECT count(*) FILTER (WHERE joined < mine.place), count(*) FROM replicas,"
    " (SELECT joined AS place FROM replicas WHERE id = $1::text) AS mine WHERE lease_until > clock_timestamp()";

std::int64_t Now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string Prefix() {
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  std::random_device random;
  return absl::StrFormat("%s/%d/%08x", host, ::getpid(), random());
}

}  // namespace

PostgresLease::PostgresLease(absl::Duration time) : time_(time), prefix_(Prefix()) {}

awaitable<absl::StatusOr<bool>> PostgresLease::Keep(PostgresConnection& connection) {
  if (given_up_) co_return absl::UnavailableError("the lease was given up");
  const std::int64_t began = Now();
  bool renewed = false;
  if (held_) {
    const absl::StatusOr<bool> there = co_await Renew(connection);
    if (!there.ok()) co_return there.status();
    renewed = *there;
  }
  if (!renewed) {
    if (absl::Status taken = co_await Take(connection); !taken.ok()) co_return taken;
    held_ = true;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!renewed || began > good_until_) steady_since_ = began;
    good_until_ = began + absl::ToInt64Nanoseconds(time_ * 4 / 5);
  }
  if (absl::Status looked = co_await LookAround(connection); !looked.ok()) co_return looked;
  co_return !renewed;
}

awaitable<absl::StatusOr<bool>> PostgresLease::Renew(PostgresConnection& connection) {
  PostgresValues values;
  values.Text(id_).Written(absl::StrCat(absl::ToDoubleSeconds(time_)));
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kRenew, std::move(values));
  if (!answer.ok()) co_return answer.status();
  co_return answer->rows() == 1;
}

awaitable<absl::Status> PostgresLease::Take(PostgresConnection& connection) {
  const std::string id = absl::StrCat(prefix_, "/", number_ + 1);
  {
    // Whoever writes with this id before the row is there is refused; with the old one, whose row is gone, too.
    const std::lock_guard lock(mutex_);
    ++number_;
    good_until_ = 0;
    id_ = id;
  }
  PostgresValues values;
  values.Text(id).Written(absl::StrCat(absl::ToDoubleSeconds(time_)));
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kTake, std::move(values));
  co_return answer.status();
}

awaitable<absl::Status> PostgresLease::LookAround(PostgresConnection& connection) {
  const bool steady = Now() - steady_since_ >= absl::ToInt64Nanoseconds(time_);
  if (steady) {
    PostgresValues self;
    self.Text(id_);
    const absl::StatusOr<PostgresResult> removed = co_await connection.Run(kRemoveOthers, std::move(self));
    if (!removed.ok()) co_return removed.status();
  }
  PostgresValues self;
  self.Text(id_);
  const absl::StatusOr<PostgresResult> answer = co_await connection.Run(kLookAround, std::move(self));
  if (!answer.ok()) co_return answer.status();
  const std::lock_guard lock(mutex_);
  standing_ = {.rank = static_cast<int>(answer->IntegerAt(0, 0)),
               .count = std::max(1, static_cast<int>(answer->IntegerAt(0, 1)))};
  co_return absl::OkStatus();
}

awaitable<absl::Status> PostgresLease::GiveUp(PostgresConnection& connection) {
  PostgresValues self;
  self.Text(id_);
  given_up_ = true;
  {
    const std::lock_guard lock(mutex_);
    good_until_ = 0;
  }
  const absl::StatusOr<PostgresResult> gone = co_await connection.Run("DELETE FROM replicas WHERE id = $1::text",
                                                                      std::move(self));
  co_return gone.status();
}

std::string PostgresLease::id() const {
  const std::lock_guard lock(mutex_);
  return id_;
}

std::uint64_t PostgresLease::number() const {
  const std::lock_guard lock(mutex_);
  return Now() < good_until_ ? number_ : 0;
}

generation::Replicas::Standing PostgresLease::standing() const {
  const std::lock_guard lock(mutex_);
  return standing_;
}

}  // namespace easel::storage
