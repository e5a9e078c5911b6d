#include "storage/generation_table.h"

#include <optional>
#include <string>
#include <utility>

#include "storage/sqlite_query.h"

namespace easel::storage {
namespace {

constexpr char kInsert[] =
    "INSERT INTO generations (name, caller, request_id, state, model, revision, create_time, end_time, expire_time,"
    " remove_time, image_digest, image_bytes, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (caller, request_id) DO NOTHING";

constexpr char kUpdate[] =
    "UPDATE generations SET state = ?, model = ?, revision = ?, create_time = ?, end_time = ?, expire_time = ?,"
    " remove_time = ?, image_digest = ?, image_bytes = ?, record = ? WHERE name = ? AND revision = ?";

constexpr char kProbe[] =
    "INSERT INTO probe (id, count) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1";

// What INSERT and UPDATE have in common, in the order of the columns.
void BindContent(SqliteQuery& query, const GenerationRow& row) {
  query.Integer(row.state)
      .Text(row.model)
      .Integer(row.revision)
      .Integer(row.create_time)
      .IntegerOrNull(row.end_time)
      .IntegerOrNull(row.expire_time)
      .IntegerOrNull(row.remove_time)
      .TextOrNull(row.image_digest)
      .Integer(row.image_bytes)
      .Blob(row.record);
}

// Nothing: there is no such record.
absl::StatusOr<std::optional<std::int64_t>> RevisionOf(SqliteConnection& connection, std::string_view name) {
  SqliteQuery select(connection, "SELECT revision FROM generations WHERE name = ?");
  const absl::StatusOr<bool> found = select.Text(name).Step();
  if (!found.ok()) return found.status();
  return *found ? std::optional(select.IntegerAt(0)) : std::nullopt;
}

}  // namespace

absl::StatusOr<generation::Reservation> ReserveRow(SqliteConnection& connection, const GenerationRow& row,
                                                   const generation::Record& record) {
  SqliteQuery insert(connection, kInsert);
  insert.Text(row.name).Text(row.caller).Text(row.request_id);
  BindContent(insert, row);
  if (absl::Status status = insert.Run(); !status.ok()) return status;
  if (connection.Changes() == 1) return generation::Reservation{.inserted = true, .record = record};
  absl::StatusOr<generation::Record> kept = FindRecord(connection, row.caller, row.request_id);
  if (!kept.ok()) return kept.status();
  return generation::Reservation{.inserted = false, .record = *std::move(kept)};
}

absl::Status UpdateRow(SqliteConnection& connection, const GenerationRow& row) {
  SqliteQuery update(connection, kUpdate);
  BindContent(update, row);
  if (absl::Status status = update.Text(row.name).Integer(row.revision - 1).Run(); !status.ok()) return status;
  if (connection.Changes() == 1) return absl::OkStatus();
  const auto kept = RevisionOf(connection, row.name);
  if (!kept.ok()) return kept.status();
  return *kept ? OtherRevision(row.name, **kept, row.revision) : NoSuchGeneration(row.name);
}

absl::Status RemoveRow(SqliteConnection& connection, std::string_view name, std::int64_t revision) {
  SqliteQuery remove(connection, "DELETE FROM generations WHERE name = ? AND revision = ?");
  if (absl::Status status = remove.Text(name).Integer(revision).Run(); !status.ok()) return status;
  if (connection.Changes() == 1) return absl::OkStatus();
  const auto kept = RevisionOf(connection, name);
  if (!kept.ok()) return kept.status();
  return *kept ? NotThisRevision(name, **kept, revision) : NoSuchGeneration(name);
}

absl::Status WriteProbe(SqliteConnection& connection) {
  return SqliteQuery(connection, kProbe).Run();
}

absl::StatusOr<generation::Record> GetRecord(SqliteConnection& connection, std::string_view name) {
  SqliteQuery query(connection, "SELECT record FROM generations WHERE name = ?");
  const absl::StatusOr<bool> found = query.Text(name).Step();
  if (!found.ok()) return found.status();
  if (!*found) return NoSuchGeneration(name);
  return ParseRecord(query.BytesAt(0));
}

absl::StatusOr<generation::Record> FindRecord(SqliteConnection& connection, std::string_view caller,
                                              std::string_view request_id) {
  SqliteQuery query(connection, "SELECT record FROM generations WHERE caller = ? AND request_id = ?");
  const absl::StatusOr<bool> found = query.Text(caller).Text(request_id).Step();
  if (!found.ok()) return found.status();
  if (!*found) return NoSuchRequest(caller, request_id);
  return ParseRecord(query.BytesAt(0));
}

absl::StatusOr<std::vector<generation::Record>> RunningRecords(SqliteConnection& connection) {
  SqliteQuery query(connection,
                    "SELECT record FROM generations INDEXED BY generations_running WHERE state < 5 ORDER BY name");
  std::vector<generation::Record> records;
  while (true) {
    const absl::StatusOr<bool> row = query.Step();
    if (!row.ok()) return row.status();
    if (!*row) return records;
    absl::StatusOr<generation::Record> record = ParseRecord(query.BytesAt(0));
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
}

}  // namespace easel::storage
