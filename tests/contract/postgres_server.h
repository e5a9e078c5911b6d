#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "storage/postgres_options.h"

namespace easel {

// A PostgreSQL server of this process's own, in a temporary directory and on a socket there: started when it is first asked
// for, stopped when the process ends, however that ends. Runs as the user `postgres` where this process is root's.
class PostgresServer {
 public:
  static PostgresServer& Get();

  // Options for tables that nobody else uses.
  storage::PostgresOptions NewDatabase();

  // Kills all connections, as a restart does.
  void BreakConnections();

 private:
  PostgresServer();
  ~PostgresServer();

  pid_t Spawn(const std::vector<std::string>& command) const;
  std::string url() const;

  std::filesystem::path directory_;
  pid_t server_ = 0;
  int databases_ = 0;
};

// Runs statements over a connection of its own; the first value of the last answer, as text.
std::string Sql(const storage::PostgresOptions& options, const std::string& sql);

}  // namespace easel
