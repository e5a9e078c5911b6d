#pragma once

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace easel {

// A second connection to a store's file, as someone with the sqlite3 command has it.
class SqliteSideDoor {
 public:
  explicit SqliteSideDoor(const std::filesystem::path& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) std::abort();
  }
  ~SqliteSideDoor() { sqlite3_close(db_); }
  SqliteSideDoor(const SqliteSideDoor&) = delete;
  SqliteSideDoor& operator=(const SqliteSideDoor&) = delete;

  void Execute(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
  }

  // The steps of SQLite's plan for a statement.
  std::vector<std::string> Plan(const std::string& sql) {
    std::vector<std::string> steps;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      return {sqlite3_errmsg(db_)};
    }
    while (sqlite3_step(statement) == SQLITE_ROW) {
      steps.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)));
    }
    sqlite3_finalize(statement);
    return steps;
  }

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace easel
