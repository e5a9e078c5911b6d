#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite_connection.h"

namespace easel::storage {

// One use of a prepared statement: bind every parameter in order, step, read the row. Releases the statement at its end.
// At most one for each text and connection at a time.
class SqliteQuery {
 public:
  SqliteQuery(SqliteConnection& connection, std::string_view sql);
  ~SqliteQuery();
  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;

  // The bytes are not copied: they must outlive the query.
  SqliteQuery& Text(std::string_view value);
  SqliteQuery& TextOrNull(std::string_view value);
  SqliteQuery& Blob(std::string_view value);
  SqliteQuery& Integer(std::int64_t value);
  SqliteQuery& IntegerOrNull(std::optional<std::int64_t> value);

  // True: there is a row. False: there are no more. Errors of binding show here too.
  absl::StatusOr<bool> Step();

  // Runs a statement that gives no rows.
  absl::Status Run();

  // A column of the current row, from 0 on. The view lives until the next step.
  std::string_view BytesAt(int column) const;
  std::int64_t IntegerAt(int column) const;

 private:
  void Note(int code);

  SqliteConnection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  absl::Status status_;
  int bound_ = 0;
};

}  // namespace easel::storage
