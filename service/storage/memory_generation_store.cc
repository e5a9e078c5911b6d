#include "storage/memory_generation_store.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "storage/completion.h"
#include "storage/generation_listing.h"
#include "storage/generation_row.h"

namespace easel::storage {

using generation::DueQuery;
using generation::ListQuery;
using generation::Record;
using generation::Reservation;
using generation::Snapshot;

boost::asio::awaitable<absl::StatusOr<Reservation>> MemoryGenerationStore::Reserve(Snapshot record) {
  const std::lock_guard lock(mutex_);
  return Ready(ReserveNow(std::move(record)));
}

absl::StatusOr<Reservation> MemoryGenerationStore::ReserveNow(Snapshot record) {
  const std::string name = record->generation().name();
  const Request request(record->caller(), record->generation().request_id());
  if (const auto kept = by_request_.find(request); kept != by_request_.end()) {
    return Reservation{.inserted = false, .record = *by_name_.at(kept->second)};
  }
  if (!by_name_.emplace(name, std::move(record)).second) {
    return absl::InternalError(absl::StrCat("the name '", name, "' is taken by another request"));
  }
  by_request_.emplace(request, name);
  return Reservation{.inserted = true};
}

boost::asio::awaitable<absl::Status> MemoryGenerationStore::Update(Snapshot record, generation::Durability) {
  const std::lock_guard lock(mutex_);
  return Ready(UpdateNow(std::move(record)));
}

absl::Status MemoryGenerationStore::UpdateNow(Snapshot record) {
  const auto kept = by_name_.find(record->generation().name());
  if (kept == by_name_.end()) return NoSuchGeneration(record->generation().name());
  const std::int64_t revision = kept->second->generation().revision();
  const std::int64_t offered = record->generation().revision();
  if (offered != revision + 1) return OtherRevision(record->generation().name(), revision, offered);
  kept->second = std::move(record);
  return absl::OkStatus();
}

boost::asio::awaitable<absl::StatusOr<Record>> MemoryGenerationStore::Get(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return Ready(GetNow(name));
}

absl::StatusOr<Record> MemoryGenerationStore::GetNow(std::string_view name) const {
  const auto kept = by_name_.find(name);
  if (kept == by_name_.end()) return NoSuchGeneration(name);
  return *kept->second;
}

boost::asio::awaitable<absl::StatusOr<Record>> MemoryGenerationStore::Find(std::string_view caller,
                                                                           std::string_view request_id) {
  const std::lock_guard lock(mutex_);
  const auto kept = by_request_.find(Request(caller, request_id));
  if (kept == by_request_.end()) return Ready<absl::StatusOr<Record>>(NoSuchRequest(caller, request_id));
  return Ready(GetNow(kept->second));
}

boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> MemoryGenerationStore::List(ListQuery query) {
  const std::lock_guard lock(mutex_);
  const auto limit = static_cast<std::size_t>(std::max(query.limit, 0));
  std::vector<Record> records;
  for (auto kept = by_name_.rbegin(); kept != by_name_.rend() && records.size() < limit; ++kept) {
    if (Matches(query, *kept->second)) records.push_back(*kept->second);
  }
  return Ready<absl::StatusOr<std::vector<Record>>>(std::move(records));
}

boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> MemoryGenerationStore::ListRunning() {
  const std::lock_guard lock(mutex_);
  std::vector<Record> records;
  for (const auto& [name, record] : by_name_) {
    if (record->generation().state() < v1::GENERATION_STATE_SUCCEEDED) records.push_back(*record);
  }
  return Ready<absl::StatusOr<std::vector<Record>>>(std::move(records));
}

boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> MemoryGenerationStore::ListDue(DueQuery query) {
  const std::lock_guard lock(mutex_);
  std::vector<Record> records;
  for (const auto& [name, record] : by_name_) {
    if (IsDue(*record, query)) records.push_back(*record);
  }
  std::stable_sort(records.begin(), records.end(), [&query](const Record& a, const Record& b) {
    return DueTime(a, query.by) < DueTime(b, query.by);
  });
  records.resize(std::min(records.size(), static_cast<std::size_t>(std::max(query.limit, 0))));
  return Ready<absl::StatusOr<std::vector<Record>>>(std::move(records));
}

boost::asio::awaitable<absl::StatusOr<std::int64_t>> MemoryGenerationStore::KeptBytes() {
  const std::lock_guard lock(mutex_);
  std::map<std::string_view, std::int64_t> sizes;
  for (const auto& [name, record] : by_name_) {
    const v1::Image& image = record->generation().image();
    if (generation::HasKeptImage(*record)) sizes[image.sha256()] = image.size_bytes();
  }
  std::int64_t total = 0;
  for (const auto& [digest, size] : sizes) total += size;
  return Ready<absl::StatusOr<std::int64_t>>(total);
}

boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> MemoryGenerationStore::Unused(
    std::vector<std::string> digests) {
  const std::lock_guard lock(mutex_);
  std::set<std::string_view> used;
  for (const auto& [name, record] : by_name_) {
    if (generation::HasKeptImage(*record)) used.insert(record->generation().image().sha256());
  }
  std::erase_if(digests, [&used](const std::string& digest) { return used.contains(digest); });
  return Ready<absl::StatusOr<std::vector<std::string>>>(std::move(digests));
}

boost::asio::awaitable<absl::Status> MemoryGenerationStore::Remove(std::string_view name, std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  return Ready(RemoveNow(name, revision));
}

absl::Status MemoryGenerationStore::RemoveNow(std::string_view name, std::int64_t revision) {
  const auto kept = by_name_.find(name);
  if (kept == by_name_.end()) return NoSuchGeneration(name);
  const std::int64_t found = kept->second->generation().revision();
  if (found != revision) return NotThisRevision(name, found, revision);
  by_request_.erase(Request(kept->second->caller(), kept->second->generation().request_id()));
  by_name_.erase(kept);
  return absl::OkStatus();
}

boost::asio::awaitable<absl::Status> MemoryGenerationStore::Check() { return Ready(absl::OkStatus()); }

}  // namespace easel::storage
