#include "storage/retention_queries.h"

#include <algorithm>

#include "storage/generation_row.h"
#include "storage/sqlite_query.h"

namespace easel::storage {
namespace {

using generation::DueQuery;

constexpr char kByRemoveTime[] =
    "SELECT record FROM generations INDEXED BY generations_remove WHERE end_time IS NOT NULL AND remove_time <= ?"
    " AND (remove_time, name) > (?, ?) ORDER BY remove_time, name LIMIT ?";
constexpr char kByExpireTime[] =
    "SELECT record FROM generations INDEXED BY generations_expire WHERE end_time IS NOT NULL AND image_digest IS NOT NULL"
    " AND expire_time <= ? AND (expire_time, name) > (?, ?) ORDER BY expire_time, name LIMIT ?";
constexpr char kUses[] = "SELECT 1 FROM generations INDEXED BY generations_image WHERE image_digest = ? LIMIT 1";

const char* StatementFor(DueQuery::By by) {
  return by == DueQuery::By::kRemoveTime ? kByRemoveTime : kByExpireTime;
}

}  // namespace

absl::StatusOr<std::vector<generation::Record>> DueRecords(SqliteConnection& connection, const DueQuery& query) {
  SqliteQuery due(connection, StatementFor(query.by));
  due.Integer(absl::ToUnixNanos(query.until)).Integer(absl::ToUnixNanos(query.after_time)).Text(query.after_name);
  due.Integer(std::max(query.limit, 0));
  std::vector<generation::Record> records;
  while (true) {
    const absl::StatusOr<bool> row = due.Step();
    if (!row.ok()) return row.status();
    if (!*row) return records;
    absl::StatusOr<generation::Record> record = ParseRecord(due.BytesAt(0));
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
}

absl::StatusOr<std::vector<std::string>> UnusedDigests(SqliteConnection& connection, std::vector<std::string> digests) {
  std::vector<std::string> unused;
  for (std::string& digest : digests) {
    SqliteQuery uses(connection, kUses);
    const absl::StatusOr<bool> used = uses.Text(digest).Step();
    if (!used.ok()) return used.status();
    if (!*used) unused.push_back(std::move(digest));
  }
  return unused;
}

std::vector<std::string> RetentionStatements() { return {kByRemoveTime, kByExpireTime, kUses}; }

}  // namespace easel::storage
