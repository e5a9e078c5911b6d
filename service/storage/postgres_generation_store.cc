#include "storage/postgres_generation_store.h"

#include <string>
#include <utility>

#include "storage/generation_row.h"
#include "storage/postgres_listing.h"
#include "storage/postgres_table.h"

namespace easel::storage {

using boost::asio::awaitable;
using generation::DueQuery;
using generation::Durability;
using generation::ListQuery;
using generation::Record;
using generation::Reservation;
using generation::Snapshot;

awaitable<absl::StatusOr<Reservation>> PostgresGenerationStore::Reserve(Snapshot record) {
  return pool_.Run([row = ToRow(*record), owner = replicas_.owner()](PostgresConnection& connection) {
    return ReserveRow(connection, row, owner);
  });
}

awaitable<absl::Status> PostgresGenerationStore::Update(Snapshot record, Durability durability) {
  auto update = [row = ToRow(*record), durability, owner = replicas_.owner()](PostgresConnection& connection) {
    return UpdateRow(connection, row, durability, owner);
  };
  absl::Status updated = co_await pool_.Run(std::move(update));
  if (updated.ok()) replicas_.Announce(record->generation().name(), record->generation().revision());
  co_return updated;
}

awaitable<absl::StatusOr<Record>> PostgresGenerationStore::Get(std::string_view name) {
  return pool_.Run([name = std::string(name)](PostgresConnection& connection) { return GetRecord(connection, name); });
}

awaitable<absl::StatusOr<Record>> PostgresGenerationStore::Find(std::string_view caller, std::string_view request_id) {
  return pool_.Run([caller = std::string(caller), id = std::string(request_id)](PostgresConnection& connection) {
    return FindRecord(connection, caller, id);
  });
}

awaitable<absl::StatusOr<std::vector<Record>>> PostgresGenerationStore::List(ListQuery query) {
  return pool_.Run([query = std::move(query)](PostgresConnection& connection) { return ListRecords(connection, query); });
}

awaitable<absl::StatusOr<std::vector<Record>>> PostgresGenerationStore::ListRunning() {
  return pool_.Run([](PostgresConnection& connection) { return RunningRecords(connection); });
}

awaitable<absl::StatusOr<std::vector<Record>>> PostgresGenerationStore::ListDue(DueQuery query) {
  return pool_.Run([query = std::move(query)](PostgresConnection& connection) { return DueRecords(connection, query); });
}

awaitable<absl::StatusOr<std::int64_t>> PostgresGenerationStore::KeptBytes() {
  return pool_.Run([](PostgresConnection& connection) { return KeptImageBytes(connection); });
}

awaitable<absl::StatusOr<std::vector<std::string>>> PostgresGenerationStore::Unused(std::vector<std::string> digests) {
  return pool_.Run([digests = std::move(digests)](PostgresConnection& connection) {
    return UnusedDigests(connection, digests);
  });
}

awaitable<absl::Status> PostgresGenerationStore::Remove(std::string_view name, std::int64_t revision) {
  return pool_.Run([name = std::string(name), revision](PostgresConnection& connection) {
    return RemoveRow(connection, name, revision);
  });
}

awaitable<absl::Status> PostgresGenerationStore::Check() {
  return pool_.Run([owner = replicas_.owner()](PostgresConnection& connection) -> awaitable<absl::Status> {
    PostgresValues values;
    values.Text(owner);
    const auto answer = co_await connection.Run(
        "UPDATE replicas SET checks = checks + 1 WHERE id = $1::text RETURNING 1::bigint", std::move(values));
    if (!answer.ok()) co_return answer.status();
    if (answer->rows() == 0) co_return absl::UnavailableError("this process has no lease in the database");
    co_return absl::OkStatus();
  });
}

}  // namespace easel::storage
