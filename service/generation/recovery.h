#pragma once

#include <vector>

#include "generation/ports/generation_store.h"

namespace easel::generation {

// The order in which a restart takes up what was running: tasks that the upstream works on and images that wait there
// first, since their time runs; then the queue, oldest first. `running` is as ListRunning gives it.
std::vector<Record> InOrderOfRecovery(std::vector<Record> running);

}  // namespace easel::generation
