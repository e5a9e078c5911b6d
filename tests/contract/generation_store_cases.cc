#include "tests/contract/generation_store_cases.h"

#include "storage/memory_generation_store.h"
#include "storage/remembering_generation_store.h"
#include "storage/sqlite_generation_store.h"
#include "tests/fakes/fake_generation_store.h"

namespace easel {
namespace {

using generation::GenerationStore;

std::unique_ptr<GenerationStore> MakeSqlite(const std::filesystem::path& directory) {
  return *storage::SqliteGenerationStore::Open(directory / "easel.db");
}

std::unique_ptr<GenerationStore> MakeMemory(const std::filesystem::path&) {
  return std::make_unique<storage::MemoryGenerationStore>();
}

std::unique_ptr<GenerationStore> MakeRemembering(const std::filesystem::path& directory) {
  return std::make_unique<storage::RememberingGenerationStore>(MakeSqlite(directory));
}

std::unique_ptr<GenerationStore> MakeFake(const std::filesystem::path&) {
  return std::make_unique<fakes::FakeGenerationStore>();
}

}  // namespace

std::vector<GenerationStoreCase> GenerationStoreCases() {
  return {{"Sqlite", MakeSqlite}, {"Memory", MakeMemory}, {"Remembering", MakeRemembering}};
}

std::vector<GenerationStoreCase> RetentionStoreCases() {
  return {{"Sqlite", MakeSqlite}, {"Memory", MakeMemory}, {"Fake", MakeFake}};
}

}  // namespace easel
