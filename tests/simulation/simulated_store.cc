#include "tests/simulation/simulated_store.h"

#include <algorithm>

#include "generation/watcher.h"

namespace easel::simulation {

using boost::asio::awaitable;
using generation::Record;
using generation::Reservation;

SimulatedStore::Fate SimulatedStore::FateOfWrite() {
  if (!dice_.Chance(weather_.store_writes)) return Fate::kDone;
  return dice_.Chance(0.5) ? Fate::kNotDone : Fate::kDoneAndReportedAsFailed;
}

absl::Status SimulatedStore::FateOfRead() {
  if (dice_.Chance(weather_.store_reads)) return absl::UnavailableError("the disk does not answer");
  return absl::OkStatus();
}

awaitable<void> SimulatedStore::Pass() {
  const absl::Duration most = dice_.Chance(0.05) ? absl::Seconds(2) : absl::Milliseconds(3);
  co_await schedule_.Pause(dice_.Between(absl::ZeroDuration(), most));
}

const Record* SimulatedStore::Taken(const std::string& caller, const std::string& request_id) const {
  for (const auto& [name, record] : records_) {
    if (record.caller() == caller && record.generation().request_id() == request_id) return &record;
  }
  return nullptr;
}

awaitable<absl::StatusOr<Reservation>> SimulatedStore::Reserve(generation::Snapshot snapshot) {
  const Record& record = *snapshot;
  const Fate fate = FateOfWrite();
  co_await Pass();
  Reservation reservation;
  if (const Record* taken = Taken(record.caller(), record.generation().request_id())) {
    reservation.record = *taken;
  } else if (fate != Fate::kNotDone) {
    reservation.inserted = true;
    reservation.record = record;
    promises_.Recorded(record, fate == Fate::kDone);
    records_[record.generation().name()] = record;
  }
  co_await Pass();
  if (fate != Fate::kDone) co_return absl::ResourceExhaustedError("the disk is full");
  co_return reservation;
}

awaitable<absl::Status> SimulatedStore::Update(generation::Snapshot snapshot, generation::Durability) {
  const Record& record = *snapshot;
  const Fate fate = FateOfWrite();
  co_await Pass();
  absl::Status updated;
  const auto kept = records_.find(record.generation().name());
  if (kept == records_.end()) {
    updated = absl::NotFoundError("there is no such record");
  } else if (kept->second.generation().revision() + 1 != record.generation().revision()) {
    updated = absl::AbortedError("the record has another revision");
  } else if (fate != Fate::kNotDone) {
    promises_.Recorded(record, fate == Fate::kDone);
    kept->second = record;
  }
  co_await Pass();
  if (fate != Fate::kDone) co_return absl::ResourceExhaustedError("the disk is full");
  co_return updated;
}

awaitable<absl::StatusOr<Record>> SimulatedStore::Get(std::string_view name) {
  const std::string wanted(name);
  co_await Pass();
  const auto kept = records_.find(wanted);
  absl::StatusOr<Record> found = absl::NotFoundError("there is no such record");
  if (kept != records_.end()) found = kept->second;
  if (absl::Status failed = FateOfRead(); !failed.ok()) found = failed;
  co_await Pass();
  co_return found;
}

awaitable<absl::StatusOr<Record>> SimulatedStore::Find(std::string_view caller, std::string_view request_id) {
  const std::string wanted_caller(caller);
  const std::string wanted_id(request_id);
  co_await Pass();
  const Record* kept = Taken(wanted_caller, wanted_id);
  absl::StatusOr<Record> found = absl::NotFoundError("there is no such record");
  if (kept != nullptr) found = *kept;
  if (absl::Status failed = FateOfRead(); !failed.ok()) found = failed;
  co_await Pass();
  co_return found;
}

awaitable<absl::StatusOr<std::vector<Record>>> SimulatedStore::List(generation::ListQuery query) {
  co_await Pass();
  std::vector<Record> found;
  for (auto it = records_.rbegin(); it != records_.rend(); ++it) {
    const std::string& id = it->second.generation().request_id();
    if (it->second.caller() == query.caller && (query.request_id.empty() || id == query.request_id)) {
      found.push_back(it->second);
    }
  }
  if (absl::Status failed = FateOfRead(); !failed.ok()) co_return failed;
  co_return found;
}

awaitable<absl::StatusOr<std::vector<Record>>> SimulatedStore::ListRunning() {
  co_await Pass();
  std::vector<Record> running;
  for (const auto& [name, record] : records_) {
    if (!generation::HasEnded(record)) running.push_back(record);
  }
  if (absl::Status failed = FateOfRead(); !failed.ok()) co_return failed;
  co_return running;
}

awaitable<absl::StatusOr<std::vector<Record>>> SimulatedStore::ListDue(generation::DueQuery query) {
  co_await Pass();
  std::vector<Record> due;
  for (const auto& [name, record] : records_) {
    if (generation::IsDue(record, query)) due.push_back(record);
  }
  std::stable_sort(due.begin(), due.end(), [&](const Record& a, const Record& b) {
    return generation::DueTime(a, query.by) < generation::DueTime(b, query.by);
  });
  if (due.size() > static_cast<std::size_t>(query.limit)) due.resize(static_cast<std::size_t>(query.limit));
  if (absl::Status failed = FateOfRead(); !failed.ok()) co_return failed;
  co_return due;
}

awaitable<absl::StatusOr<std::int64_t>> SimulatedStore::KeptBytes() {
  co_await Pass();
  std::map<std::string, std::int64_t> sizes;
  for (const auto& [name, record] : records_) {
    const v1::Image& image = record.generation().image();
    if (generation::HasKeptImage(record)) sizes[image.sha256()] = image.size_bytes();
  }
  std::int64_t bytes = 0;
  for (const auto& [digest, size] : sizes) bytes += size;
  if (absl::Status failed = FateOfRead(); !failed.ok()) co_return failed;
  co_return bytes;
}

awaitable<absl::StatusOr<std::vector<std::string>>> SimulatedStore::Unused(std::vector<std::string> digests) {
  co_await Pass();
  std::erase_if(digests, [this](const std::string& digest) { return Refers(digest); });
  const absl::Status failed = FateOfRead();
  co_await Pass();
  if (!failed.ok()) co_return failed;
  co_return digests;
}

bool SimulatedStore::Refers(const std::string& digest) const {
  return std::any_of(records_.begin(), records_.end(), [&](const auto& entry) {
    return generation::HasKeptImage(entry.second) && entry.second.generation().image().sha256() == digest;
  });
}

awaitable<absl::Status> SimulatedStore::Remove(std::string_view name, std::int64_t revision) {
  const std::string wanted(name);
  const Fate fate = FateOfWrite();
  co_await Pass();
  absl::Status removed;
  const auto kept = records_.find(wanted);
  if (kept == records_.end()) {
    removed = absl::NotFoundError("there is no such record");
  } else if (kept->second.generation().revision() != revision) {
    removed = absl::AbortedError("the record has another revision");
  } else if (fate != Fate::kNotDone) {
    records_.erase(kept);
    promises_.Removed(wanted);
  }
  co_await Pass();
  if (fate != Fate::kDone) co_return absl::ResourceExhaustedError("the disk is full");
  co_return removed;
}

awaitable<absl::Status> SimulatedStore::Check() {
  co_await Pass();
  co_return FateOfRead();
}

}  // namespace easel::simulation
