#pragma once

#include <mutex>
#include <set>
#include <string>

namespace easel::generation {

// Names of generations that may have been recorded as SUBMITTING while the store reported a failure: this process sent
// nothing of theirs. Grows only with the store's faults. Thread-safe.
class Unsent {
 public:
  void Add(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.insert(name);
  }

  // Whether it was one; not any more.
  bool Take(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return names_.erase(name) > 0;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> names_;
};

}  // namespace easel::generation
