#include "storage/postgres_connection.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/strings/str_cat.h"
#include "storage/postgres_error.h"

namespace easel::storage {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr int kBinary = 1;

// As libpq wants them; points into `values`.
struct Parameters {
  explicit Parameters(const PostgresValues& values) {
    for (const PostgresValues::Value& value : values.all()) {
      pointers.push_back(value.bytes ? value.bytes->c_str() : nullptr);
      lengths.push_back(value.bytes ? static_cast<int>(value.bytes->size()) : 0);
      formats.push_back(value.binary ? 1 : 0);
    }
  }
  int count() const { return static_cast<int>(pointers.size()); }

  std::vector<const char*> pointers;
  std::vector<int> lengths;
  std::vector<int> formats;
};

// Whoever sets synchronous_commit to something stronger keeps that; a cluster where it is off must not lose what is paid. A
// transaction holds locks that others wait for, and who fell silent in one must not hold them for long.
std::string Greeting(const PostgresOptions& options) {
  return absl::StrCat("SET search_path TO ", options.schema, "; SET statement_timeout TO ",
                      absl::ToInt64Milliseconds(options.statement_timeout),
                      "; SET default_transaction_isolation TO 'read committed'; SET "
                      "idle_in_transaction_session_timeout TO 15000; SELECT set_config('synchronous_commit', 'on', "
                      "false) WHERE current_setting('synchronous_commit') = 'off'");
}

}  // namespace

// Ends the waits of a connection when it takes too long.
class PostgresConnection::Limit {
 public:
  Limit(PostgresConnection& connection, absl::Duration patience)
      : target_(std::make_shared<PostgresConnection*>(&connection)), timer_(connection.loop_) {
    connection.time_is_up_ = false;
    timer_.expires_after(absl::ToChronoNanoseconds(patience));
    timer_.async_wait([target = target_](const boost::system::error_code& error) {
      if (!error && *target != nullptr) (*target)->EndWait();
    });
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  ~Limit() { *target_ = nullptr; }

 private:
  const std::shared_ptr<PostgresConnection*> target_;
  asio::steady_timer timer_;
};

PostgresConnection::PostgresConnection(asio::io_context& loop, const PostgresOptions& options)
    : loop_(loop), options_(options), socket_(loop) {}

PostgresConnection::~PostgresConnection() {
  if (socket_.is_open()) socket_.release();
  PQfinish(connection_);
}

awaitable<absl::StatusOr<std::unique_ptr<PostgresConnection>>> PostgresConnection::Open(asio::io_context& loop,
                                                                                        const PostgresOptions& options) {
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(loop, options));
  if (absl::Status connected = co_await connection->Connect(); !connected.ok()) co_return connected;
  const absl::StatusOr<PostgresResult> greeted = co_await connection->Execute(Greeting(options));
  if (!greeted.ok()) co_return greeted.status();
  co_return connection;
}

awaitable<absl::Status> PostgresConnection::Connect() {
  // Later ones win: what the address says goes before our own wishes.
  const char* const keys[] = {"client_encoding", "fallback_application_name", "target_session_attrs",
                              "tcp_user_timeout", "keepalives_idle",          "keepalives_interval",
                              "keepalives_count", "dbname",                   "password",
                              nullptr};
  const std::string& password = options_.password;
  const char* const values[] = {"UTF8", "easel", "read-write", "10000", "10", "5", "3", options_.url.c_str(),
                                password.empty() ? nullptr : password.c_str(), nullptr};
  connection_ = PQconnectStartParams(keys, values, /*expand_dbname=*/1);
  if (connection_ == nullptr) co_return absl::UnavailableError("there is no memory for a connection to PostgreSQL");
  const Limit limit(*this, options_.connect_timeout);
  auto polled = PGRES_POLLING_WRITING;
  while (PQstatus(connection_) != CONNECTION_BAD && polled != PGRES_POLLING_OK) {
    if (polled == PGRES_POLLING_FAILED) break;
    socket_.assign(PQsocket(connection_));
    const bool in_time = co_await Wait(polled == PGRES_POLLING_READING ? For::kRead : For::kWrite);
    socket_.release();  // it may be another one in the next round
    if (!in_time) co_return absl::UnavailableError("PostgreSQL does not answer: no connection came in time");
    polled = PQconnectPoll(connection_);
  }
  if (PQstatus(connection_) != CONNECTION_OK) co_return Lost("connect to");
  PQsetnonblocking(connection_, 1);
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
  socket_.assign(PQsocket(connection_));
  co_return absl::OkStatus();
}

awaitable<absl::StatusOr<PostgresResult>> PostgresConnection::Execute(std::string sql) {
  const Limit limit(*this, options_.statement_timeout);
  if (PQsendQuery(connection_, sql.c_str()) == 0) co_return Lost("ask");
  co_return co_await Answer();
}

awaitable<absl::StatusOr<PostgresResult>> PostgresConnection::Run(const char* sql, PostgresValues values) {
  const Limit limit(*this, options_.statement_timeout);
  std::string& name = prepared_[sql];
  if (name.empty()) {
    std::string fresh = absl::StrCat("easel_", prepared_.size());
    if (absl::Status made = co_await Prepare(sql, fresh); !made.ok()) co_return made;
    name = std::move(fresh);
  }
  const Parameters parameters(values);
  if (PQsendQueryPrepared(connection_, name.c_str(), parameters.count(), parameters.pointers.data(),
                          parameters.lengths.data(), parameters.formats.data(), kBinary) == 0) {
    co_return Lost("ask");
  }
  co_return co_await Answer();
}

awaitable<absl::StatusOr<PostgresResult>> PostgresConnection::RunOnce(std::string sql, PostgresValues values) {
  const Limit limit(*this, options_.statement_timeout);
  const Parameters parameters(values);
  if (PQsendQueryParams(connection_, sql.c_str(), parameters.count(), nullptr, parameters.pointers.data(),
                        parameters.lengths.data(), parameters.formats.data(), kBinary) == 0) {
    co_return Lost("ask");
  }
  co_return co_await Answer();
}

awaitable<absl::Status> PostgresConnection::Prepare(const char* sql, const std::string& name) {
  if (PQsendPrepare(connection_, name.c_str(), sql, 0, nullptr) == 0) co_return Lost("ask");
  const absl::StatusOr<PostgresResult> made = co_await Answer();
  co_return made.status();
}

awaitable<absl::StatusOr<PostgresResult>> PostgresConnection::Answer() {
  for (int left = PQflush(connection_); left != 0; left = PQflush(connection_)) {
    if (left < 0) co_return Lost("send a statement to");
    const bool in_time = co_await Wait(For::kWrite);
    if (!in_time) co_return Lost("send a statement to");
  }
  absl::StatusOr<PostgresResult> answer = absl::UnavailableError("PostgreSQL answered nothing");
  while (true) {
    while (PQisBusy(connection_) != 0) {
      const bool in_time = co_await Wait(For::kRead);
      if (!in_time || PQconsumeInput(connection_) == 0) co_return Lost("hear an answer of");
    }
    PostgresResult result(PQgetResult(connection_));
    if (result.get() == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      answer = std::move(result);
    } else {
      answer = PostgresError(result.get());
    }
  }
  if (PQstatus(connection_) == CONNECTION_BAD) lost_ = true;
  co_return answer;
}

awaitable<absl::StatusOr<std::vector<std::string>>> PostgresConnection::AwaitNotifications(absl::Duration patience) {
  std::vector<std::string> come = TakeNotifications();
  if (!come.empty()) co_return come;
  const Limit limit(*this, patience);
  while (come.empty()) {
    const bool in_time = co_await Wait(For::kRead);
    if (!in_time) {
      if (lost_ || !time_is_up_) co_return Lost("listen to");
      co_return come;
    }
    if (PQconsumeInput(connection_) == 0) co_return Lost("listen to");
    come = TakeNotifications();
  }
  co_return come;
}

std::vector<std::string> PostgresConnection::TakeNotifications() {
  std::vector<std::string> payloads;
  while (PGnotify* notification = PQnotifies(connection_)) {
    payloads.emplace_back(notification->extra);
    PQfreemem(notification);
  }
  return payloads;
}

awaitable<bool> PostgresConnection::Wait(For what) {
  if (time_is_up_ || lost_) co_return false;
  const auto wait = what == For::kRead ? socket_.wait_read : socket_.wait_write;
  const auto [error] = co_await socket_.async_wait(wait, asio::as_tuple(asio::use_awaitable));
  co_return !error && !time_is_up_ && !lost_;
}

void PostgresConnection::EndWait() {
  time_is_up_ = true;
  if (socket_.is_open()) socket_.cancel();
}

absl::Status PostgresConnection::Lost(std::string_view doing) {
  lost_ = true;
  if (time_is_up_) {
    return absl::UnavailableError(absl::StrCat("cannot ", std::string(doing), " PostgreSQL: it took too long"));
  }
  return PostgresConnectionError(connection_, doing);
}

bool PostgresConnection::Usable() {
  if (lost_ || PQtransactionStatus(connection_) != PQTRANS_IDLE) return false;
  // What a server that went away has left for us shows here.
  return PQconsumeInput(connection_) != 0 && PQstatus(connection_) == CONNECTION_OK;
}

void PostgresConnection::Abort() {
  lost_ = true;
  EndWait();
}

}  // namespace easel::storage
