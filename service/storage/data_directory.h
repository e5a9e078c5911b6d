#pragma once

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "storage/posix_file.h"

namespace easel::storage {

// The directory that holds everything a service keeps, for this process alone as long as this object lives: an exclusive
// (or shared) lock on DIRECTORY/lock, which names its holder. The system lifts the lock however the process ends.
class DataDirectory {
 public:
  enum class Use {
    kAlone,
    kShared,  // with others that share it too: where nothing but images is in it, and records are kept elsewhere
  };

  // Creates the directory for its owner alone. FAILED_PRECONDITION: another process holds it (the message names its pid
  // and the path), or it cannot be created or written (with the system's reason).
  static absl::StatusOr<std::unique_ptr<DataDirectory>> Open(const std::filesystem::path& path, Use use = Use::kAlone);

  const std::filesystem::path& path() const { return path_; }

 private:
  DataDirectory(std::filesystem::path path, PosixFile lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  const std::filesystem::path path_;
  const PosixFile lock_;
};

}  // namespace easel::storage
