#include "generation/recovery.h"

#include <algorithm>

namespace easel::generation {

std::vector<Record> InOrderOfRecovery(std::vector<Record> running) {
  std::stable_partition(running.begin(), running.end(), [](const Record& record) {
    return record.generation().state() != v1::GENERATION_STATE_QUEUED;
  });
  return running;
}

}  // namespace easel::generation
