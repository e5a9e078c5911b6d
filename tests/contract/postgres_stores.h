#pragma once

#include <memory>
#include <utility>

#include "storage/postgres_generation_store.h"
#include "storage/postgres_replicas.h"
#include "tests/contract/postgres_server.h"

namespace easel {

namespace internal {
struct JoinedReplicas {
  explicit JoinedReplicas(storage::PostgresOptions options)
      : replicas(*storage::PostgresReplicas::Join(std::move(options))) {}
  const std::unique_ptr<storage::PostgresReplicas> replicas;
};
}  // namespace internal

// One replica: its store, and its lease.
class PostgresStore : private internal::JoinedReplicas, public storage::PostgresGenerationStore {
 public:
  explicit PostgresStore(storage::PostgresOptions options)
      : JoinedReplicas(std::move(options)), PostgresGenerationStore(*JoinedReplicas::replicas) {}

  storage::PostgresReplicas& replicas() { return *JoinedReplicas::replicas; }
};

}  // namespace easel
