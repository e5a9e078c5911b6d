#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <libpq-fe.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/postgres_options.h"
#include "storage/postgres_result.h"
#include "storage/postgres_values.h"

namespace easel::storage {

// One connection to PostgreSQL, driven by a loop without ever blocking it (but for the look-up of the host's name, which
// libpq does itself). Used by one coroutine at a time, which runs on that loop. Errors as PostgresError.
class PostgresConnection {
 public:
  static boost::asio::awaitable<absl::StatusOr<std::unique_ptr<PostgresConnection>>> Open(boost::asio::io_context& loop,
                                                                                          const PostgresOptions& options);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  // One or more statements without parameters; what the last of them brought.
  boost::asio::awaitable<absl::StatusOr<PostgresResult>> Execute(std::string sql);
  // A statement that is prepared when it first comes: for literals, whose number is small.
  boost::asio::awaitable<absl::StatusOr<PostgresResult>> Run(const char* sql, PostgresValues values);
  // A statement that is put together for this once.
  boost::asio::awaitable<absl::StatusOr<PostgresResult>> RunOnce(std::string sql, PostgresValues values);

  // The payloads of notifications that have come, once there are any or `patience` is over. An error: the connection is lost.
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> AwaitNotifications(absl::Duration patience);

  // Whether it can take another statement, as far as can be seen without asking the server.
  bool Usable();
  // What is under way fails now; the connection is of no further use. On the loop.
  void Abort();

 private:
  enum class For { kRead, kWrite };
  class Limit;

  PostgresConnection(boost::asio::io_context& loop, const PostgresOptions& options);

  boost::asio::awaitable<absl::Status> Connect();
  boost::asio::awaitable<absl::Status> Prepare(const char* sql, const std::string& name);
  // After something was sent: everything that the server answers.
  boost::asio::awaitable<absl::StatusOr<PostgresResult>> Answer();
  // False: time was up, or the connection was aborted.
  boost::asio::awaitable<bool> Wait(For what);
  std::vector<std::string> TakeNotifications();
  void EndWait();
  absl::Status Lost(std::string_view doing);

  boost::asio::io_context& loop_;
  const PostgresOptions options_;
  PGconn* connection_ = nullptr;
  boost::asio::posix::stream_descriptor socket_;
  std::map<const char*, std::string> prepared_;
  bool time_is_up_ = false;
  bool lost_ = false;
};

}  // namespace easel::storage
