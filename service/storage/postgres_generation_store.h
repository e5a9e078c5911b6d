#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "generation/ports/generation_store.h"
#include "storage/postgres_replicas.h"

namespace easel::storage {

// Generations in a PostgreSQL database that several processes share, in the name of one of them.
//
// Operations run on the connections of the replicas' pool, so that many wait for the disk of the database together; each is
// one round trip. Reads are of the server that is written to, and see every write that was OK before they began. A write
// of kProcess is one of synchronous_commit=off. While the database is away everything is UNAVAILABLE, soon; once it is back
// the store goes on by itself.
class PostgresGenerationStore : public generation::GenerationStore {
 public:
  // `replicas` outlives this.
  explicit PostgresGenerationStore(PostgresReplicas& replicas) : replicas_(replicas), pool_(replicas.pool()) {}

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
  // Commits a tiny change, in a row that only a process with a lease has.
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  PostgresReplicas& replicas_;
  PostgresPool& pool_;
};

}  // namespace easel::storage
