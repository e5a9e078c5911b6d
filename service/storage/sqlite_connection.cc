#include "storage/sqlite_connection.h"

#include <sqlite3.h>

#include <utility>

#include "storage/sqlite_error.h"

namespace easel::storage {
namespace {

constexpr int kBusyTimeoutMs = 5000;

constexpr char kForAll[] = "PRAGMA trusted_schema=OFF; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;";
// The limit bounds what a burst leaves behind in the -wal file, in bytes.
constexpr char kForWriting[] = "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=67108864;";
constexpr char kForReading[] = "PRAGMA query_only=ON;";

}  // namespace

void SqliteConnection::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path, Use use) {
  // Before the first use of SQLite: nobody asks it how much memory it has, and counting takes a lock each time.
  [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const int create = use == Use::kCreate ? SQLITE_OPEN_CREATE : 0;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | create, nullptr);
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(db, path));
  if (code != SQLITE_OK) return connection->Error(code, "open");
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  absl::Status status = connection->Execute(kForAll);
  if (status.ok()) status = connection->Execute(use == Use::kRead ? kForReading : kForWriting);
  if (!status.ok()) return status;
  return connection;
}

SqliteConnection::~SqliteConnection() {
  statements_.clear();
  sqlite3_close_v2(db_);
}

absl::Status SqliteConnection::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code, "use");
}

absl::Status SqliteConnection::SyncCommits(bool sync) {
  if (sync == syncs_commits_) return absl::OkStatus();
  if (absl::Status set = Execute(sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"); !set.ok()) return set;
  syncs_commits_ = sync;
  return absl::OkStatus();
}

bool SqliteConnection::HasMoved() const {
  int moved = 0;
  return sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

bool SqliteConnection::InTransaction() const { return sqlite3_get_autocommit(db_) == 0; }

int SqliteConnection::Changes() const { return sqlite3_changes(db_); }

absl::StatusOr<sqlite3_stmt*> SqliteConnection::Prepare(std::string_view sql) {
  std::string text(sql);
  if (const auto known = statements_.find(text); known != statements_.end()) return known->second.get();
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, text.c_str(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return Error(code, "use");
  statements_.emplace(std::move(text), statement);
  return statement;
}

absl::Status SqliteConnection::Error(int code, std::string_view doing) const {
  absl::Status error = SqliteError(code, db_, doing, path_);
  suspect_ = suspect_ || absl::IsUnavailable(error) || absl::IsDataLoss(error);
  return error;
}

}  // namespace easel::storage
