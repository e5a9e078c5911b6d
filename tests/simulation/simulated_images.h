#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "generation/ports/image_store.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/schedule.h"

namespace easel::simulation {

// Images that survive the process, with the same troubles as the records.
class SimulatedImages final : public generation::ImageStore {
 public:
  SimulatedImages(Schedule& schedule, const Weather& weather, Dice dice, Promises& promises)
      : schedule_(schedule), weather_(weather), dice_(dice), promises_(promises) {}

  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageWriter>>> Create() override;
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> Open(std::string_view digest) override;
  boost::asio::awaitable<absl::Status> Remove(std::string_view digest) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> List(std::string_view after, int limit) override;
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  class Writer;
  class Reader;

  bool Fails() { return dice_.Chance(weather_.images); }
  boost::asio::awaitable<void> Pass();

  Schedule& schedule_;
  const Weather& weather_;
  Dice dice_;
  Promises& promises_;
  std::map<std::string, std::string> kept_;
};

}  // namespace easel::simulation
