#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "generation/ports/generation_store.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/schedule.h"

namespace easel::simulation {

// Records that survive the process. Every operation takes its time before and after it takes effect, so that operations
// overtake each other; writes may fail before or after they took effect.
class SimulatedStore final : public generation::GenerationStore {
 public:
  SimulatedStore(Schedule& schedule, const Weather& weather, Dice dice, Promises& promises)
      : schedule_(schedule), weather_(weather), dice_(dice), promises_(promises) {}

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
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  enum class Fate { kDone, kNotDone, kDoneAndReportedAsFailed };
  Fate FateOfWrite();
  absl::Status FateOfRead();
  boost::asio::awaitable<void> Pass();
  bool Refers(const std::string& digest) const;
  const generation::Record* Taken(const std::string& caller, const std::string& request_id) const;

  Schedule& schedule_;
  const Weather& weather_;
  Dice dice_;
  Promises& promises_;
  std::map<std::string, generation::Record> records_;
};

}  // namespace easel::simulation
