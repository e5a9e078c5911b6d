#pragma once

#include <string>

#include "absl/time/time.h"

namespace easel::storage {

// How a PostgreSQL database is reached and used.
struct PostgresOptions {
  // postgres://USER@HOST:PORT/DATABASE?..., as libpq takes it; what it leaves out comes from PGPASSWORD, PGPASSFILE and
  // their like. Secret: it may hold a password.
  std::string url;
  // Secret; empty: as `url` and the environment say.
  std::string password = {};
  // Where the tables are, and the name of the channel of news. Lower-case letters, digits and _.
  std::string schema = "easel";
  // How long the claim of a process on its generations lasts when it is not heard of.
  absl::Duration lease = absl::Seconds(15);
  // Connections for the records; two more are for leases and news.
  int connections = 8;
  // A connection that takes longer to come, or to answer a statement, is given up.
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration statement_timeout = absl::Seconds(10);
};

}  // namespace easel::storage
