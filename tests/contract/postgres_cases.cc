#include "storage/postgres_generation_store.h"
#include "storage/postgres_replicas.h"
#include "tests/contract/generation_store_cases.h"
#include "tests/contract/postgres_stores.h"

namespace easel {
namespace {

std::unique_ptr<generation::GenerationStore> MakePostgres(const std::filesystem::path&) {
  return std::make_unique<PostgresStore>(PostgresServer::Get().NewDatabase());
}

}  // namespace

std::vector<GenerationStoreCase> GenerationStoreCases() { return {{"Postgres", MakePostgres}}; }
std::vector<GenerationStoreCase> RetentionStoreCases() { return {{"Postgres", MakePostgres}}; }

}  // namespace easel
