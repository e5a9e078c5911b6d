#include "storage/sqlite_query.h"

#include <sqlite3.h>

namespace easel::storage {

SqliteQuery::SqliteQuery(SqliteConnection& connection, std::string_view sql) : connection_(connection) {
  absl::StatusOr<sqlite3_stmt*> statement = connection.Prepare(sql);
  status_ = statement.status();
  if (statement.ok()) statement_ = *statement;
}

SqliteQuery::~SqliteQuery() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void SqliteQuery::Note(int code) {
  if (code != SQLITE_OK && status_.ok()) status_ = connection_.Error(code, "use");
}

SqliteQuery& SqliteQuery::Text(std::string_view value) {
  Note(sqlite3_bind_text64(statement_, ++bound_, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC,
                           SQLITE_UTF8));
  return *this;
}

SqliteQuery& SqliteQuery::TextOrNull(std::string_view value) {
  if (!value.empty()) return Text(value);
  Note(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}

SqliteQuery& SqliteQuery::Blob(std::string_view value) {
  Note(sqlite3_bind_blob64(statement_, ++bound_, value.data(), value.size(), SQLITE_STATIC));
  return *this;
}

SqliteQuery& SqliteQuery::Integer(std::int64_t value) {
  Note(sqlite3_bind_int64(statement_, ++bound_, value));
  return *this;
}

SqliteQuery& SqliteQuery::IntegerOrNull(std::optional<std::int64_t> value) {
  if (value) return Integer(*value);
  Note(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}

absl::StatusOr<bool> SqliteQuery::Step() {
  if (!status_.ok()) return status_;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Note(code);
  return status_;
}

absl::Status SqliteQuery::Run() { return Step().status(); }

std::string_view SqliteQuery::BytesAt(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::int64_t SqliteQuery::IntegerAt(int column) const { return sqlite3_column_int64(statement_, column); }

}  // namespace easel::storage
