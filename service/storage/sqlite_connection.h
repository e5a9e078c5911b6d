#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace easel::storage {

// One connection to a SQLite file in WAL mode, with its prepared statements kept. One thread at a time.
class SqliteConnection {
 public:
  // kCreate is kWrite that also creates the file.
  enum class Use { kCreate, kWrite, kRead };

  // Every commit is synced to the disk before it returns (synchronous=FULL). Errors as SqliteError.
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(const std::string& path, Use use);

  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Runs one or more statements that take and give nothing.
  absl::Status Execute(const std::string& sql);

  // Outside a transaction: whether the next commits are synced. One that is not survives the process, and the machine too
  // once a later one is synced.
  absl::Status SyncCommits(bool sync);

  // Whether a transaction is open. Some errors make SQLite end it by itself.
  bool InTransaction() const;

  // How many rows the last INSERT, UPDATE or DELETE changed.
  int Changes() const;

  // The statement for this text, prepared once. The pointer lives as long as the connection.
  absl::StatusOr<sqlite3_stmt*> Prepare(std::string_view sql);

  // The error of a call that returned `code`. `doing` completes "cannot ...".
  absl::Status Error(int code, std::string_view doing) const;

  // The system failed below this connection (a disk, a file gone), or its file is no longer at the path, where the next
  // start would not find what is written: better opened anew before the next use. Asks the system.
  bool suspect() const { return suspect_ || HasMoved(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  SqliteConnection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}

  bool HasMoved() const;

  sqlite3* db_;
  std::string path_;
  mutable bool suspect_ = false;
  bool syncs_commits_ = true;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

}  // namespace easel::storage
