#include "storage/generation_table.h"

#include <optional>
#include <string>
#include <utility>

#include "storage/kept_bytes.h"
#include "storage/sqlite_query.h"

namespace easel::storage {
namespace {

constexpr char kInsert[] =
    "INSERT INTO generations (name, caller, request_id, state, model, revision, create_time, end_time, expire_time,"
    " remove_time, image_digest, image_bytes, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (caller, request_id) DO NOTHING";

// From one step of a running generation to the next: touches no index.
constexpr char kStep[] =
    "UPDATE generations SET state = ?, model = ?, revision = ?, record = ? WHERE name = ? AND revision = ?"
    " AND end_time IS NULL AND image_digest IS NULL";

// From what runs, or an end without an image, to an end.
constexpr char kEnd[] =
    "UPDATE generations SET state = ?, model = ?, revision = ?, end_time = ?, expire_time = ?, remove_time = ?,"
    " image_digest = ?, image_bytes = ?, record = ? WHERE name = ? AND revision = ? AND image_digest IS NULL";

constexpr char kReplace[] =
    "UPDATE generations SET state = ?, model = ?, revision = ?, end_time = ?, expire_time = ?, remove_time = ?,"
    " image_digest = ?, image_bytes = ?, record = ? WHERE name = ? AND revision = ?";

constexpr char kProbe[] =
    "INSERT INTO probe (id, count) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1";

KeptImage ImageOf(const GenerationRow& row) { return {row.image_digest, row.image_bytes}; }

// What INSERT and UPDATE have in common, in the order of the columns.
void BindContent(SqliteQuery& query, const GenerationRow& row) {
  query.IntegerOrNull(row.end_time)
      .IntegerOrNull(row.expire_time)
      .IntegerOrNull(row.remove_time)
      .TextOrNull(row.image_digest)
      .Integer(row.image_bytes)
      .Blob(row.record);
}

// Each update: whether there was such a record.

absl::StatusOr<bool> Step(SqliteConnection& connection, const GenerationRow& row) {
  SqliteQuery step(connection, kStep);
  step.Integer(row.state).Text(row.model).Integer(row.revision).Blob(row.record);
  if (absl::Status status = step.Text(row.name).Integer(row.revision - 1).Run(); !status.ok()) return status;
  return connection.Changes() == 1;
}

absl::StatusOr<bool> Update(SqliteConnection& connection, const char* statement, const GenerationRow& row,
                            const KeptImage& before) {
  SqliteQuery update(connection, statement);
  update.Integer(row.state).Text(row.model).Integer(row.revision);
  BindContent(update, row);
  if (absl::Status status = update.Text(row.name).Integer(row.revision - 1).Run(); !status.ok()) return status;
  if (connection.Changes() != 1) return false;
  if (absl::Status counted = CountKeptBytes(connection, before, ImageOf(row)); !counted.ok()) return counted;
  return true;
}

// What a change has to know of the record that it replaces.
struct Kept {
  std::int64_t revision = 0;
  KeptImage image;
};

// Nothing: there is no such record.
absl::StatusOr<std::optional<Kept>> KeptOf(SqliteConnection& connection, std::string_view name) {
  SqliteQuery select(connection, "SELECT revision, image_digest, image_bytes FROM generations WHERE name = ?");
  const absl::StatusOr<bool> found = select.Text(name).Step();
  if (!found.ok()) return found.status();
  if (!*found) return std::nullopt;
  return Kept{select.IntegerAt(0), {std::string(select.BytesAt(1)), select.IntegerAt(2)}};
}

}  // namespace

absl::StatusOr<generation::Reservation> ReserveRow(SqliteConnection& connection, const GenerationRow& row) {
  SqliteQuery insert(connection, kInsert);
  insert.Text(row.name).Text(row.caller).Text(row.request_id);
  insert.Integer(row.state).Text(row.model).Integer(row.revision).Integer(row.create_time);
  BindContent(insert, row);
  if (absl::Status status = insert.Run(); !status.ok()) return status;
  if (connection.Changes() == 1) {
    if (absl::Status counted = CountKeptBytes(connection, {}, ImageOf(row)); !counted.ok()) return counted;
    return generation::Reservation{.inserted = true};
  }
  absl::StatusOr<generation::Record> kept = FindRecord(connection, row.caller, row.request_id);
  if (!kept.ok()) return kept.status();
  return generation::Reservation{.inserted = false, .record = *std::move(kept)};
}

absl::Status UpdateRow(SqliteConnection& connection, const GenerationRow& row) {
  const bool runs = !row.end_time && row.image_digest.empty();
  absl::StatusOr<bool> updated = runs ? Step(connection, row) : Update(connection, kEnd, row, {});
  if (!updated.ok() || *updated) return updated.status();
  const auto kept = KeptOf(connection, row.name);
  if (!kept.ok()) return kept.status();
  if (!*kept) return NoSuchGeneration(row.name);
  if ((*kept)->revision != row.revision - 1) return OtherRevision(row.name, (*kept)->revision, row.revision);
  return Update(connection, kReplace, row, (*kept)->image).status();
}

absl::Status RemoveRow(SqliteConnection& connection, std::string_view name, std::int64_t revision) {
  const auto kept = KeptOf(connection, name);
  if (!kept.ok()) return kept.status();
  if (!*kept) return NoSuchGeneration(name);
  if ((*kept)->revision != revision) return NotThisRevision(name, (*kept)->revision, revision);
  SqliteQuery remove(connection, "DELETE FROM generations WHERE name = ?");
  if (absl::Status status = remove.Text(name).Run(); !status.ok()) return status;
  return CountKeptBytes(connection, (*kept)->image, {});
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
                    "SELECT record FROM generations INDEXED BY generations_running WHERE end_time IS NULL ORDER BY name");
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
