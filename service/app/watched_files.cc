#include "app/watched_files.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace easel::app {

void WatchedFiles::Watch(std::vector<std::string> paths) {
  paths_ = std::move(paths);
  known_ = seen_ = Look();
}

bool WatchedFiles::Changed() {
  std::string now = Look();
  const bool rests = now == seen_;
  seen_ = std::move(now);
  if (!rests || seen_ == known_) return false;
  known_ = seen_;
  return true;
}

std::string WatchedFiles::Look() const {
  std::string all;
  for (const std::string& path : paths_) {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) {
      absl::StrAppend(&all, "absent\n");
      continue;
    }
    absl::StrAppend(&all, file.st_dev, " ", file.st_ino, " ", file.st_size, " ", file.st_mtim.tv_sec, " ",
                    file.st_mtim.tv_nsec, " ", file.st_ctim.tv_sec, " ", file.st_ctim.tv_nsec, "\n");
  }
  return all;
}

}  // namespace easel::app
