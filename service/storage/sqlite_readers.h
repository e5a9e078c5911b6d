#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite_operation.h"

namespace easel::storage {

// A few threads that read from a database, each on a connection of its own, and never wait for a commit. After an error
// of the system a connection is opened anew for the next operation. The destructor finishes what was pushed.
class SqliteReaders {
 public:
  SqliteReaders(const std::string& path, int threads);
  ~SqliteReaders();

  // Any thread.
  void Push(std::unique_ptr<SqliteOperation> operation) { queue_.Push(std::move(operation)); }

 private:
  void Run(const std::string& path);

  SqliteQueue queue_;
  std::vector<std::thread> threads_;
};

}  // namespace easel::storage
