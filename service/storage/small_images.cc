#include "storage/small_images.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/image_files.h"
#include "storage/posix_file.h"

namespace easel::storage {
namespace {

// Bounds how long the first of a batch waits for the last.
constexpr std::size_t kMostTogether = 64;

// Where the log could not take it.
absl::Status SyncKept(const std::filesystem::path& path) {
  absl::StatusOr<PosixFile> file = PosixFile::Open(path, O_RDONLY);
  absl::Status synced = file.ok() ? file->Sync() : file.status();
  return synced.ok() ? SyncDirectory(path.parent_path()) : synced;
}

bool IsThere(const std::filesystem::path& path, std::string_view bytes) {
  const absl::StatusOr<PosixFile> file = PosixFile::Open(path, O_RDONLY);
  if (!file.ok()) return false;
  const auto there = file->ReadAt(0, bytes.size() + 1);
  return there.ok() && *there == absl::string_view(bytes.data(), bytes.size());
}

}  // namespace

absl::Status SmallImages::Recover() {
  return log_.Replay([this](const ImageLogEntry& entry) {
    const std::filesystem::path path = ImagePath(store_, entry.digest);
    if (entry.removed) return RemoveFile(path);
    return IsThere(path, entry.bytes) ? absl::OkStatus() : Write(entry.digest, entry.bytes);
  });
}

boost::asio::awaitable<absl::Status> SmallImages::Keep(std::string digest, std::string bytes) {
  return Enter(std::move(digest), std::move(bytes), false);
}

boost::asio::awaitable<absl::Status> SmallImages::Remove(std::string digest) {
  return Enter(std::move(digest), "", true);
}

boost::asio::awaitable<absl::Status> SmallImages::Enter(std::string digest, std::string bytes, bool remove) {
  return Await<absl::Status>([this, digest = std::move(digest), bytes = std::move(bytes),
                              remove](Completion<absl::Status> completion) mutable {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(digest), std::move(bytes), remove, std::move(completion), {}});
    if (!std::exchange(working_, true)) pool_.Post([this] { WorkOff(); });
  });
}

void SmallImages::WorkOff() {
  while (true) {
    std::vector<Wish> wishes;
    {
      const std::lock_guard lock(mutex_);
      const auto most = std::min(waiting_.size(), kMostTogether);
      const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(most);
      wishes.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
      waiting_.erase(waiting_.begin(), end);
      working_ = !wishes.empty();
    }
    if (wishes.empty()) return;
    Do(wishes);
    std::vector<Resumption> done;
    done.reserve(wishes.size());
    for (Wish& wish : wishes) done.push_back(std::move(wish.completion).With(std::move(wish.status)));
    ResumeAll(std::move(done));
  }
}

void SmallImages::Do(std::vector<Wish>& wishes) {
  std::vector<ImageLogEntry> entries;
  entries.reserve(wishes.size());
  for (Wish& wish : wishes) {
    wish.status = wish.remove ? RemoveFile(ImagePath(store_, wish.digest)) : Write(wish.digest, wish.bytes);
    const bool noted = !wish.remove || log_.Holds(wish.digest);
    if (wish.status.ok() && noted) entries.push_back({wish.digest, wish.bytes, wish.remove});
  }
  if (log_.Append(entries).ok()) return;
  for (Wish& wish : wishes) {
    if (wish.status.ok() && !wish.remove) wish.status = SyncKept(ImagePath(store_, wish.digest));
  }
}

absl::Status SmallImages::Write(std::string_view digest, std::string_view bytes) const {
  absl::StatusOr<PosixFile> file = NewImageFile(store_);
  if (!file.ok()) return file.status();
  absl::Status written = file->Write(bytes);
  if (written.ok()) written = MoveInPlace(*file, ImagePath(store_, digest));
  if (!written.ok()) ::unlink(file->path().c_str());
  return written;
}

}  // namespace easel::storage
