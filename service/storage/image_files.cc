#include "storage/image_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "storage/posix_error.h"

namespace easel::storage {

// Whoever makes a lost directory anew does not think of the one inside.
absl::StatusOr<PosixFile> NewImageFile(const std::filesystem::path& store) {
  const std::filesystem::path directory = TemporaryDirectory(store);
  absl::StatusOr<PosixFile> file = PosixFile::CreateTemporary(directory);
  if (file.ok() || ::mkdir(directory.c_str(), S_IRWXU) != 0) return file;
  return PosixFile::CreateTemporary(directory);
}

absl::Status MoveInPlace(PosixFile& file, const std::filesystem::path& path) {
  int moved = ::rename(file.path().c_str(), path.c_str());
  if (moved != 0 && errno == ENOENT) {
    if (absl::Status made = MakeDirectories(path.parent_path()); !made.ok()) return made;
    moved = ::rename(file.path().c_str(), path.c_str());
  }
  if (moved != 0) return PosixError(errno, "rename to", path);
  file.Close();
  return absl::OkStatus();
}

absl::Status RemoveFile(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return PosixError(errno, "remove", path);
}

}  // namespace easel::storage
