#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "generation/ports/generation_store.h"
#include "storage/sqlite_connection.h"
#include "storage/sqlite_readers.h"
#include "storage/sqlite_writer.h"

namespace easel::storage {

// Generations in one SQLite file (with its -wal and -shm beside it).
//
// Threads: one writes, two read; callers never block. Writes that wait together are committed together; a write is OK
// when it is on the disk. Reads see every write that was OK before they began.
// Faults: after a full disk or an error of the system the store goes on by itself once that has passed.
// A time range of a ListQuery is [create_time_from, create_time_to).
//
// The destructor finishes what was begun and hands every waiting coroutine its result, so the executors of callers must
// still exist. Only one process may use a file: see DataDirectory.
class SqliteGenerationStore : public generation::GenerationStore {
 public:
  // Creates the file or brings its schema up to date; blocks. FAILED_PRECONDITION: it is a newer Easel's, or another
  // program's; DATA_LOSS: it is damaged, and the message says what to do; else as the port.
  static absl::StatusOr<std::unique_ptr<SqliteGenerationStore>> Open(const std::string& path);

  boost::asio::awaitable<absl::StatusOr<generation::Reservation>> Reserve(generation::Snapshot record) override;
  using GenerationStore::Reserve;
  using GenerationStore::Update;
  boost::asio::awaitable<absl::Status> Update(generation::Snapshot record, generation::Durability durability) override;
  boost::asio::awaitable<absl::StatusOr<generation::Record>> Get(std::string_view name) override;
  boost::asio::awaitable<absl::StatusOr<generation::Record>> Find(std::string_view caller,
                                                                  std::string_view request_id) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> List(generation::ListQuery query) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> ListRunning() override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> ListDue(generation::DueQuery query) override;
  boost::asio::awaitable<absl::StatusOr<std::int64_t>> KeptBytes() override;
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> Unused(std::vector<std::string> digests) override;
  boost::asio::awaitable<absl::Status> Remove(std::string_view name, std::int64_t revision) override;
  // Commits a tiny change.
  boost::asio::awaitable<absl::Status> Check() override;

  // How many transactions were committed since Open.
  std::int64_t commits() const { return writer_.commits(); }

 private:
  SqliteGenerationStore(const std::string& path, std::unique_ptr<SqliteConnection> connection);

  SqliteWriter writer_;
  SqliteReaders readers_;
};

}  // namespace easel::storage
