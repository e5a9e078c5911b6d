#include "storage/sqlite_generation_store.h"

#include <filesystem>
#include <type_traits>
#include <utility>

#include "storage/completion.h"
#include "storage/generation_listing.h"
#include "storage/generation_row.h"
#include "storage/generation_table.h"
#include "storage/kept_bytes.h"
#include "storage/posix_file.h"
#include "storage/retention_queries.h"
#include "storage/sqlite_schema.h"

namespace easel::storage {
namespace {

using generation::DueQuery;
using generation::Durability;
using generation::ListQuery;
using generation::Record;
using generation::Reservation;
using generation::Snapshot;

constexpr int kReaders = 2;

// Runs `function` on one of the runner's threads.
template <typename Runner, typename Function>
auto RunOn(Runner& runner, Function function, Durability durability = Durability::kMachine) {
  using Operation = SqliteFunction<Function>;
  using Result = typename Operation::Result;
  return Await<Result>([&runner, function = std::move(function), durability](Completion<Result> completion) mutable {
    runner.Push(std::make_unique<Operation>(std::move(function), std::move(completion), durability));
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteGenerationStore>> SqliteGenerationStore::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<SqliteConnection>> connection =
      SqliteConnection::Open(path, SqliteConnection::Use::kCreate);
  if (!connection.ok()) return connection.status();
  absl::Status status = MigrateSchema(**connection, path);
  if (status.ok()) status = SyncDirectory(std::filesystem::path(path).parent_path());
  if (!status.ok()) return status;
  return std::unique_ptr<SqliteGenerationStore>(new SqliteGenerationStore(path, *std::move(connection)));
}

SqliteGenerationStore::SqliteGenerationStore(const std::string& path, std::unique_ptr<SqliteConnection> connection)
    : writer_(path, std::move(connection)), readers_(path, kReaders) {}

boost::asio::awaitable<absl::StatusOr<Reservation>> SqliteGenerationStore::Reserve(Snapshot record) {
  return RunOn(writer_, [row = ToRow(*record)](SqliteConnection& connection) { return ReserveRow(connection, row); });
}

boost::asio::awaitable<absl::Status> SqliteGenerationStore::Update(Snapshot record, Durability durability) {
  auto update = [row = ToRow(*record)](SqliteConnection& connection) { return UpdateRow(connection, row); };
  return RunOn(writer_, std::move(update), durability);
}

boost::asio::awaitable<absl::StatusOr<Record>> SqliteGenerationStore::Get(std::string_view name) {
  return RunOn(readers_, [name = std::string(name)](SqliteConnection& connection) { return GetRecord(connection, name); });
}

boost::asio::awaitable<absl::StatusOr<Record>> SqliteGenerationStore::Find(std::string_view caller,
                                                                           std::string_view request_id) {
  return RunOn(readers_, [caller = std::string(caller), id = std::string(request_id)](SqliteConnection& connection) {
    return FindRecord(connection, caller, id);
  });
}

boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> SqliteGenerationStore::List(ListQuery query) {
  return RunOn(readers_,
               [query = std::move(query)](SqliteConnection& connection) { return ListRecords(connection, query); });
}

boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> SqliteGenerationStore::ListRunning() {
  return RunOn(readers_, [](SqliteConnection& connection) { return RunningRecords(connection); });
}

boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> SqliteGenerationStore::ListDue(DueQuery query) {
  return RunOn(readers_,
               [query = std::move(query)](SqliteConnection& connection) { return DueRecords(connection, query); });
}

boost::asio::awaitable<absl::StatusOr<std::int64_t>> SqliteGenerationStore::KeptBytes() {
  return RunOn(readers_, [](SqliteConnection& connection) { return KeptImageBytes(connection); });
}

boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> SqliteGenerationStore::Unused(
    std::vector<std::string> digests) {
  return RunOn(readers_, [digests = std::move(digests)](SqliteConnection& connection) {
    return UnusedDigests(connection, digests);
  });
}

boost::asio::awaitable<absl::Status> SqliteGenerationStore::Remove(std::string_view name, std::int64_t revision) {
  return RunOn(writer_, [name = std::string(name), revision](SqliteConnection& connection) {
    return RemoveRow(connection, name, revision);
  });
}

boost::asio::awaitable<absl::Status> SqliteGenerationStore::Check() {
  return RunOn(writer_, [](SqliteConnection& connection) { return WriteProbe(connection); });
}

}  // namespace easel::storage
