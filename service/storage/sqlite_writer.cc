#include "storage/sqlite_writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/sqlite_query.h"

namespace easel::storage {
namespace {

// Bounds how long the first of a batch waits for the last.
constexpr std::size_t kMostWrites = 512;

}  // namespace

SqliteWriter::SqliteWriter(std::string path, std::unique_ptr<SqliteConnection> connection)
    : path_(std::move(path)), connection_(std::move(connection)), thread_([this] { Run(); }) {}

SqliteWriter::~SqliteWriter() {
  queue_.Close();
  thread_.join();
}

void SqliteWriter::Run() {
  while (true) {
    const SqliteBatch batch = queue_.Take(kMostWrites);
    if (batch.empty()) return;
    Write(batch);
    std::vector<Resumption> resumptions;
    resumptions.reserve(batch.size());
    for (const auto& operation : batch) resumptions.push_back(operation->Complete());
    ResumeAll(std::move(resumptions));
  }
}

void SqliteWriter::Write(Operations operations) {
  if (absl::Status begun = Begin(operations); !begun.ok()) {
    for (const auto& operation : operations) operation->Fail(begun);
    return;
  }
  const absl::Status together = RunAll(operations);
  if (together.ok()) return;
  if (operations.size() == 1) return operations.front()->Fail(together);
  for (std::size_t i = 0; i < operations.size(); ++i) Write(operations.subspan(i, 1));
}

absl::Status SqliteWriter::Begin(Operations operations) {
  if (absl::Status open = EnsureOpen(); !open.ok()) return open;
  const bool sync = std::any_of(operations.begin(), operations.end(), [](const auto& operation) {
    return operation->durability() == generation::Durability::kMachine;
  });
  if (absl::Status set = connection_->SyncCommits(sync); !set.ok()) return set;
  return SqliteQuery(*connection_, "BEGIN IMMEDIATE").Run();
}

absl::Status SqliteWriter::RunAll(Operations operations) {
  absl::Status status = ApplyAll(operations);
  if (status.ok()) status = SqliteQuery(*connection_, "COMMIT").Run();
  if (status.ok()) {
    commits_.fetch_add(1, std::memory_order_relaxed);
  } else if (connection_->InTransaction()) {
    connection_->Execute("ROLLBACK").IgnoreError();
  }
  return status;
}

absl::Status SqliteWriter::ApplyAll(Operations operations) {
  for (const auto& operation : operations) {
    operation->Apply(*connection_);
    // SQLite ends the transaction by itself after some errors.
    if (!connection_->InTransaction()) return operation->status();
  }
  return absl::OkStatus();
}

absl::Status SqliteWriter::EnsureOpen() {
  if (connection_ != nullptr && !connection_->suspect()) return absl::OkStatus();
  connection_.reset();
  absl::StatusOr<std::unique_ptr<SqliteConnection>> connection =
      SqliteConnection::Open(path_, SqliteConnection::Use::kWrite);
  if (!connection.ok()) return connection.status();
  connection_ = *std::move(connection);
  return absl::OkStatus();
}

}  // namespace easel::storage
