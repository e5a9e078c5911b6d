#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "generation/ports/generation_store.h"
#include "storage/completion.h"
#include "storage/sqlite_connection.h"

namespace easel::storage {

// Something to do with a connection, and the coroutine that waits for what it gives.
class SqliteOperation {
 public:
  explicit SqliteOperation(generation::Durability durability) : durability_(durability) {}
  virtual ~SqliteOperation() = default;
  SqliteOperation(const SqliteOperation&) = delete;
  SqliteOperation& operator=(const SqliteOperation&) = delete;

  generation::Durability durability() const { return durability_; }
  // Does it, and keeps the result. May run again, after a rollback.
  virtual void Apply(SqliteConnection& connection) = 0;
  // The result is this error, whatever Apply gave.
  virtual void Fail(absl::Status error) = 0;
  // What Apply or Fail gave.
  virtual absl::Status status() const = 0;
  // Once, at the end: the coroutine with its result.
  virtual Resumption Complete() = 0;

 private:
  const generation::Durability durability_;
};

// Function gives an absl::Status or an absl::StatusOr.
template <typename Function>
class SqliteFunction : public SqliteOperation {
 public:
  using Result = std::invoke_result_t<Function&, SqliteConnection&>;

  SqliteFunction(Function function, Completion<Result> completion, generation::Durability durability)
      : SqliteOperation(durability), function_(std::move(function)), completion_(std::move(completion)) {}

  void Apply(SqliteConnection& connection) override { result_.emplace(function_(connection)); }
  void Fail(absl::Status error) override { result_.emplace(std::move(error)); }
  absl::Status status() const override {
    if constexpr (std::is_same_v<Result, absl::Status>) {
      return *result_;
    } else {
      return result_->status();
    }
  }
  Resumption Complete() override { return std::move(completion_).With(*std::move(result_)); }

 private:
  Function function_;
  Completion<Result> completion_;
  std::optional<Result> result_;
};

using SqliteBatch = std::vector<std::unique_ptr<SqliteOperation>>;

// Operations on their way to the threads that run them, first in, first out. Thread-safe.
class SqliteQueue {
 public:
  void Push(std::unique_ptr<SqliteOperation> operation);

  // Waits for operations and takes up to `most`. Empty: the queue is closed and nothing is left in it.
  SqliteBatch Take(std::size_t most);

  // Nothing may be pushed any more; what is there is still taken.
  void Close();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<SqliteOperation>> operations_;
  bool closed_ = false;
};

}  // namespace easel::storage
