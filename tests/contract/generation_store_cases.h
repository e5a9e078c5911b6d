#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "generation/ports/generation_store.h"

namespace easel {

// A store that the suites run over. Each program of tests brings its own.
struct GenerationStoreCase {
  std::string name;
  std::unique_ptr<generation::GenerationStore> (*make)(const std::filesystem::path& directory);
};

std::vector<GenerationStoreCase> GenerationStoreCases();
// Those for what retention asks; more, since fakes keep these promises too.
std::vector<GenerationStoreCase> RetentionStoreCases();

}  // namespace easel
