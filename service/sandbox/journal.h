#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/json/object.hpp>

#include "absl/status/statusor.h"

namespace easel::sandbox {

// A file of JSON lines that is only added to; each line goes out in one write, so that a killed process leaves whole
// lines. Not synced to the disk: it outlives the process, not the machine. Used on one thread.
class Journal {
 public:
  using Replay = std::function<void(const boost::json::object&)>;

  // Opens or creates `path` and hands every line to `replay`. What stands after the last whole line is cut off.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& path, const Replay& replay);
  ~Journal();

  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  void Append(const boost::json::object& line);
  void Clear();

 private:
  explicit Journal(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace easel::sandbox
