#include "storage/image_log.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace easel::storage {

absl::Status ImageLog::Replay(const std::function<absl::Status(const ImageLogEntry&)>& restore) {
  std::error_code ignored;
  if (!std::filesystem::exists(PathOf(0), ignored)) return absl::OkStatus();  // nothing small was ever kept
  if (absl::Status opened = OpenParts(); !opened.ok()) return opened;
  std::vector<std::pair<std::uint64_t, Part*>> laps;
  for (Part& part : parts_) {
    const auto look = [](const ImageLogEntry&) { return absl::OkStatus(); };
    if (absl::Status read = part.file->Read(look); !read.ok()) return read;
    if (part.file->lap() != 0) laps.emplace_back(part.file->lap(), &part);
  }
  std::sort(laps.begin(), laps.end());
  for (const auto& [lap, part] : laps) {
    lap_ = lap;
    const auto give = [&restore, part = part](const ImageLogEntry& entry) {
      part->digests.emplace(entry.digest);
      return restore(entry);
    };
    if (absl::Status given = part->file->Read(give); !given.ok()) return given;
    part->use = Use::kFull;
    Settle(*part);
  }
  return absl::OkStatus();
}

absl::Status ImageLog::Append(std::span<const ImageLogEntry> entries) {
  if (entries.empty()) return absl::OkStatus();
  const absl::StatusOr<Part*> part = PartFor(ImageLogFile::SizeOf(entries));
  if (!part.ok()) return part.status();
  return AppendTo(**part, entries);
}

absl::Status ImageLog::AppendTo(Part& part, std::span<const ImageLogEntry> entries) {
  const bool sync = std::any_of(entries.begin(), entries.end(), [](const ImageLogEntry& entry) { return !entry.removed; });
  absl::Status appended = part.file->Append(entries, sync);
  const std::lock_guard lock(mutex_);
  for (const ImageLogEntry& entry : entries) part.digests.emplace(entry.digest);
  if (appended.ok()) return appended;
  part.use = Use::kFull;
  Settle(part);
  return appended;
}

bool ImageLog::Holds(const std::string& digest) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) { return part.digests.contains(digest); });
}

absl::StatusOr<ImageLog::Part*> ImageLog::PartFor(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  Part* part = &parts_[writing_];
  if (part->file == nullptr || !part->file->InPlace()) {
    if (absl::Status opened = OpenParts(); !opened.ok()) return opened;
  }
  if (part->use == Use::kWritten && part->file->HasRoom(bytes)) return part;
  if (part->use == Use::kWritten) part->use = Use::kFull;
  if (part->use != Use::kFree) {
    if (part->use == Use::kFull) Settle(*part);
    part = &parts_[writing_ = 1 - writing_];
    if (part->use == Use::kFull) Settle(*part);
    if (part->use != Use::kFree) return absl::UnavailableError(absl::StrCat("the logs in ", store_.string(), " are full"));
  }
  if (absl::Status begun = Begin(*part); !begun.ok()) return begun;
  return part;
}

absl::Status ImageLog::Begin(Part& part) {
  lap_ = std::max(lap_ + 1, static_cast<std::uint64_t>(absl::GetCurrentTimeNanos()));
  absl::Status begun = part.file->Begin(lap_);
  if (begun.ok()) part.use = Use::kWritten;
  return begun;
}

absl::Status ImageLog::OpenParts() {
  std::array<Part, 2> parts;
  for (int i = 0; i < 2; ++i) {
    absl::StatusOr<ImageLogFile> file = ImageLogFile::Open(PathOf(i));
    if (!file.ok()) return file.status();
    Part& part = parts[static_cast<std::size_t>(i)];
    part.file = std::make_shared<ImageLogFile>(*std::move(file));
    // What may lie there is not written over before the images last.
    if (!part.file->IsEmpty()) part.use = Use::kFull;
  }
  absl::Status lasting = SyncDirectory(store_);
  if (lasting.ok()) parts_ = std::move(parts);
  return lasting;
}

void ImageLog::Settle(Part& part) {
  part.use = Use::kSettling;
  pool_.Post([this, &part, file = part.file] {
    const absl::Status settled = file->SyncFileSystem();
    const std::lock_guard lock(mutex_);
    if (part.file != file) return;  // opened anew meanwhile
    part.use = settled.ok() && file->Begin(0).ok() ? Use::kFree : Use::kFull;
    if (part.use == Use::kFree) part.digests.clear();
  });
}

}  // namespace easel::storage
