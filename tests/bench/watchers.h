#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/latency.h"
#include "tests/bench/load.h"
#include "tests/bench/requests.h"

namespace easel::bench {

// Many WatchGeneration streams over some generations, the i-th watching the i-th name and again from the first, each until
// its end. The service says in every message when the change was recorded, so its clock has to be this machine's.
class Watchers final : public Requests {
 public:
  Watchers(const Names& names, std::size_t watchers);
  ~Watchers() override;

  const std::string& method() const override { return method_; }
  bool streaming() const override { return true; }
  grpc_slice Next(std::size_t slot) override;
  bool Check(std::size_t slot, std::string_view message) override;

  // The line that the case prints; `tally` is that of the streams.
  std::string Report(const Tally& tally) const;

 private:
  struct Watch {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t seen = 0;
    bool ended = false;
  };

  void TellOnceAllAreOpen();

  const std::string method_ = "/easel.v1.ImageService/WatchGeneration";
  std::vector<grpc_slice> requests_;
  std::vector<Watch> watches_;
  const double begun_at_;
  std::uint64_t open_ = 0;
  std::uint64_t messages_ = 0;
  // Of messages that said nothing new.
  std::uint64_t repeats_ = 0;
  std::uint64_t went_back_ = 0;
  // Changes after a watcher's first message, from record to arrival.
  Latency latency_;
  // Seconds since 1970.
  std::optional<double> open_at_;
  std::optional<double> first_change_at_;
  double last_change_at_ = 0;
};

}  // namespace easel::bench
