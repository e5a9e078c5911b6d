#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "generation/ports/image_store.h"
#include "storage/blocking_pool.h"
#include "storage/data_directory.h"

namespace easel::storage {

// Images as files, DIRECTORY/ab/abcd...: the digest, under its first two digits.
//
// A writer's bytes go to a file in DIRECTORY/tmp; Keep syncs it, renames it into its place and syncs the directories,
// so that a crash leaves a whole image or none. What a crash left in tmp is removed at the next OpenDirectory, so only
// one process may use a directory (see DataDirectory); where several share it, what is older than an hour is.
//
// Calls of the system run on two threads of the store's own. Writers and readers must not outlive the store; the
// destructor finishes what was begun, so the executors of callers must still exist.
class FileImageStore : public generation::ImageStore {
 public:
  // Creates the directories and clears what was left behind; blocks. Errors as the port.
  static absl::StatusOr<std::unique_ptr<FileImageStore>> OpenDirectory(
      const std::filesystem::path& directory, DataDirectory::Use use = DataDirectory::Use::kAlone);

  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageWriter>>> Create() override;
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> Open(
      std::string_view digest) override;
  boost::asio::awaitable<absl::Status> Remove(std::string_view digest) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> List(std::string_view after, int limit) override;
  // Writes a file and removes it.
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  explicit FileImageStore(std::filesystem::path directory) : directory_(std::move(directory)), pool_(2) {}

  const std::filesystem::path directory_;
  BlockingPool pool_;
};

}  // namespace easel::storage
