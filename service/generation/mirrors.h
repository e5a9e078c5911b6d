#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "absl/time/time.h"
#include "generation/lifecycle.h"
#include "generation/live_generation.h"
#include "generation/watcher.h"

namespace easel::generation {

// Generations that another process runs, as calls of this one watch them: each is read again when the others say that it has
// changed, and each of them when that may have been missed. A mirror goes with the last call that watches it. Thread-safe.
class Mirrors {
 public:
  // `world`, whose replicas there must be, outlives this; reads run on `loop`.
  Mirrors(const World& world, boost::asio::any_io_executor loop) : world_(world), loop_(std::move(loop)) {}

  // `seen` is what was read a moment ago.
  Watcher Watch(Snapshot seen);

  // What ran here until another process took it over: whoever watches it sees the rest.
  void Adopt(const std::shared_ptr<LiveGeneration>& live);

  // It has changed, or may have.
  void Changed(std::string_view name, std::int64_t revision);
  void LookAtAll();

  // Nothing is read from here on.
  void Stop() { stopped_ = true; }
  // Waits, on a thread that is no loop, until nothing is being read any more.
  bool AwaitIdle(absl::Duration patience) const;

 private:
  struct Entry {
    std::vector<std::weak_ptr<LiveGeneration>> mirrors;
    bool reading = false;
    bool again = false;
  };
  using Lives = std::vector<std::shared_ptr<LiveGeneration>>;

  std::function<void()> TellOwner(const std::string& name);
  boost::asio::awaitable<void> TellThatCallersLeft(std::string name);
  static Lives Watched(Entry& entry);            // with mutex_; forgets those that nobody watches
  void Add(const std::string& name, const std::shared_ptr<LiveGeneration>& live);
  void Read(const std::string& name);
  boost::asio::awaitable<void> ReadOn(std::string name);
  void Show(const std::string& name, Snapshot now);
  // Whether to read once more.
  bool Finished(const std::string& name);

  const World& world_;
  const boost::asio::any_io_executor loop_;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;
  mutable std::condition_variable idle_;
  int at_work_ = 0;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace easel::generation
