#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "storage/sqlite_connection.h"
#include "storage/sqlite_operation.h"

namespace easel::storage {

// The one thread that writes to a database. It takes all operations that wait, runs them in one transaction and commits
// once, so that one sync of the disk serves them all. An operation that fails fails alone; when the whole transaction
// fails, each is tried again in one of its own. After an error of the system the connection is opened anew for the next
// operation: when the fault is gone, so are the errors.
//
// The destructor finishes what was pushed.
class SqliteWriter {
 public:
  SqliteWriter(std::string path, std::unique_ptr<SqliteConnection> connection);
  ~SqliteWriter();

  // Any thread. The operation's coroutine goes on once its change is on the disk, or has failed.
  void Push(std::unique_ptr<SqliteOperation> operation) { queue_.Push(std::move(operation)); }

  // How many transactions were committed.
  std::int64_t commits() const { return commits_.load(std::memory_order_relaxed); }

 private:
  using Operations = std::span<const std::unique_ptr<SqliteOperation>>;

  void Run();
  void Write(Operations operations);
  absl::Status Begin(Operations operations);
  // In the transaction that was begun; ends it.
  absl::Status RunAll(Operations operations);
  absl::Status ApplyAll(Operations operations);
  absl::Status EnsureOpen();

  const std::string path_;
  std::unique_ptr<SqliteConnection> connection_;
  SqliteQueue queue_;
  std::atomic<std::int64_t> commits_ = 0;
  std::thread thread_;
};

}  // namespace easel::storage
