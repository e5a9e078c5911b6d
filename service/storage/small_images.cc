#include "storage/small_images.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "storage/image_files.h"

namespace easel::storage {
namespace {

// Bounds how long the first of a batch waits for the last.
constexpr std::size_t kMostTogether = 32;
// While one waits for the disk another one fills the next batch.
constexpr int kMostWorkers = 2;

}  // namespace

boost::asio::awaitable<absl::Status> SmallImages::Keep(std::string digest, std::string bytes) {
  return Await<absl::Status>([this, digest = std::move(digest),
                              bytes = std::move(bytes)](Completion<absl::Status> completion) mutable {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(digest), std::move(bytes), std::move(completion), std::nullopt, absl::OkStatus()});
    if (workers_ == kMostWorkers) return;
    ++workers_;
    pool_.Post([this] { WorkOff(); });
  });
}

void SmallImages::WorkOff() {
  while (true) {
    std::vector<Wish> wishes = Take();
    if (wishes.empty()) return;
    KeepAll(wishes);
    std::vector<Resumption> done;
    done.reserve(wishes.size());
    for (Wish& wish : wishes) done.push_back(std::move(wish.completion).With(std::move(wish.status)));
    ResumeAll(std::move(done));
  }
}

std::vector<SmallImages::Wish> SmallImages::Take() {
  const std::lock_guard lock(mutex_);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMostTogether));
  std::vector<Wish> wishes(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  if (wishes.empty()) --workers_;
  return wishes;
}

void SmallImages::KeepAll(std::vector<Wish>& wishes) const {
  for (Wish& wish : wishes) wish.status = Write(wish);
  std::map<std::filesystem::path, absl::Status> directories;
  for (Wish& wish : wishes) {
    if (!wish.status.ok()) continue;
    const std::filesystem::path path = ImagePath(store_, wish.digest);
    wish.status = wish.file->SyncData();
    if (wish.status.ok()) wish.status = MoveInPlace(*wish.file, path);
    if (wish.status.ok()) directories.emplace(path.parent_path(), absl::OkStatus());
  }
  for (auto& [directory, synced] : directories) synced = SyncDirectory(directory);
  for (Wish& wish : wishes) {
    if (wish.status.ok()) {
      wish.status = directories.at(ImagePath(store_, wish.digest).parent_path());
    } else if (wish.file) {
      ::unlink(wish.file->path().c_str());
    }
  }
}

absl::Status SmallImages::Write(Wish& wish) const {
  absl::StatusOr<PosixFile> file = NewImageFile(store_);
  if (!file.ok()) return file.status();
  wish.file = *std::move(file);
  absl::Status written = wish.file->Write(wish.bytes);
  wish.file->StartSync();
  return written;
}

}  // namespace easel::storage
