#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "absl/time/time.h"
#include "generation/live_generation.h"

namespace easel::generation {

// The running generations of this process, by name and by request. An order is entered before it is recorded, so that two
// equal orders at the same time meet here. Thread-safe.
class RunningGenerations {
 public:
  // Caller and request_id.
  using Request = std::pair<std::string, std::string>;

  explicit RunningGenerations(std::vector<boost::asio::any_io_executor> loops) : loops_(std::move(loops)) {}

  // The running generation of this request, entered now if there was none: `second` tells. A new one stays on `loop` if
  // that is one of the loops, so that the call which brings it needs no hand-over; else each loop gets one in turn.
  std::pair<std::shared_ptr<LiveGeneration>, bool> Enter(const Request& request, const boost::asio::any_io_executor& loop);
  // From here on it is found by its name; suspended at once if all are.
  void EnterName(const std::string& name, const std::shared_ptr<LiveGeneration>& live);
  void Leave(const Request& request, const std::shared_ptr<LiveGeneration>& live);
  // nullptr: none of this name runs.
  std::shared_ptr<LiveGeneration> Find(std::string_view name) const;

  // All that are found by their names.
  std::vector<std::shared_ptr<LiveGeneration>> All() const;

  void Suspend();

  // Those at work; what waits in the queue does not count.
  int AtWork() const;
  int Count() const;
  // Waits, on a thread that is no loop, until there is none.
  bool AwaitNone(absl::Duration patience) const;

 private:
  const boost::asio::any_io_executor& LoopFor(const boost::asio::any_io_executor& wanted);  // with mutex_

  const std::vector<boost::asio::any_io_executor> loops_;
  mutable std::mutex mutex_;
  mutable std::condition_variable left_;
  std::size_t next_loop_ = 0;
  bool suspended_ = false;
  std::map<Request, std::shared_ptr<LiveGeneration>> by_request_;
  std::map<std::string, std::shared_ptr<LiveGeneration>, std::less<>> by_name_;
};

}  // namespace easel::generation
