#pragma once

#include <string>
#include <vector>

namespace easel::app {

// Notices when files change, by looking: what stands at a path, wherever links lead (an orchestrator swaps a link far above
// the file). Not thread-safe.
class WatchedFiles {
 public:
  // As they are now is unchanged.
  void Watch(std::vector<std::string> paths);

  // Whether they have changed and come to rest since: true once for each change, from the second look on, so that files
  // that belong together are not read while they are being written.
  bool Changed();

 private:
  std::string Look() const;

  std::vector<std::string> paths_;
  std::string known_;
  std::string seen_;
};

}  // namespace easel::app
