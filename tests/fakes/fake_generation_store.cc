#include "tests/fakes/fake_generation_store.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "generation/watcher.h"

namespace easel::fakes {

namespace asio = boost::asio;
using asio::awaitable;
using generation::Durability;
using generation::Record;
using generation::Reservation;
using generation::Snapshot;

namespace {

absl::Status Trouble() { return absl::UnavailableError("/var/lib/secret/path: disk trouble"); }

awaitable<void> ForEver() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  while (true) co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace

void FakeGenerationStore::FailWrites(int count, absl::Status with) {
  failing_writes_ = count;
  write_failure_ = std::move(with);
}

void FakeGenerationStore::FailWritesAfterApplying(int count) { failing_after_applying_ = count; }

void FakeGenerationStore::FailReads(int count) { failing_reads_ = count; }

void FakeGenerationStore::FailAll(int count) {
  FailWrites(count);
  FailReads(count);
}

void FakeGenerationStore::Revive() {
  dead_ = false;
  die_before_.reset();
  die_after_.reset();
}

void FakeGenerationStore::Overwrite(Record record) { records_[record.generation().name()] = std::move(record); }

std::optional<Record> FakeGenerationStore::Kept(const std::string& name) const {
  const auto it = records_.find(name);
  return it == records_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<Record> FakeGenerationStore::All() const {
  std::vector<Record> all;
  for (const auto& [name, record] : records_) all.push_back(record);
  return all;
}

awaitable<void> FakeGenerationStore::Meet(v1::GenerationState state, std::optional<v1::GenerationState>& death) {
  // A real store answers from a thread of its own: never inline.
  co_await asio::post(asio::use_awaitable);
  if (death == state) dead_ = true;
  if (dead_) co_await ForEver();
}

FakeGenerationStore::WriteFault FakeGenerationStore::NextWriteFault() {
  ++attempted_writes_;
  if (failing_writes_ > 0) {
    --failing_writes_;
    return {write_failure_, false};
  }
  if (failing_after_applying_ > 0) {
    --failing_after_applying_;
    return {Trouble(), true};
  }
  return {};
}

absl::Status FakeGenerationStore::ReadFault() {
  if (failing_reads_ == 0) return absl::OkStatus();
  --failing_reads_;
  return Trouble();
}

absl::StatusOr<Reservation> FakeGenerationStore::Insert(Record record) {
  for (const auto& [name, kept] : records_) {
    if (kept.caller() == record.caller() && kept.generation().request_id() == record.generation().request_id()) {
      return Reservation{.inserted = false, .record = kept};
    }
  }
  on_write(record);
  written_.push_back(record.generation().state());
  durabilities_.push_back(Durability::kMachine);
  records_[record.generation().name()] = record;
  return Reservation{.inserted = true, .record = std::move(record)};
}

absl::Status FakeGenerationStore::Replace(Record record, Durability durability) {
  const auto it = records_.find(record.generation().name());
  if (it == records_.end()) return absl::NotFoundError("no such record");
  if (it->second.generation().revision() + 1 != record.generation().revision()) return absl::AbortedError("revision");
  on_write(record);
  written_.push_back(record.generation().state());
  durabilities_.push_back(durability);
  it->second = std::move(record);
  return absl::OkStatus();
}

awaitable<absl::StatusOr<Reservation>> FakeGenerationStore::Reserve(Snapshot record) {
  const v1::GenerationState state = record->generation().state();
  co_await Meet(state, die_before_);
  const WriteFault fault = NextWriteFault();
  if (!fault.status.ok() && !fault.applied) co_return fault.status;
  absl::StatusOr<Reservation> reserved = Insert(*record);
  co_await Meet(state, die_after_);
  if (!fault.status.ok()) co_return fault.status;
  co_return reserved;
}

awaitable<absl::Status> FakeGenerationStore::Update(Snapshot record, Durability durability) {
  const v1::GenerationState state = record->generation().state();
  co_await Meet(state, die_before_);
  const WriteFault fault = NextWriteFault();
  if (!fault.status.ok() && !fault.applied) co_return fault.status;
  const absl::Status replaced = Replace(*record, durability);
  co_await Meet(state, die_after_);
  co_return fault.status.ok() ? replaced : fault.status;
}

awaitable<absl::StatusOr<Record>> FakeGenerationStore::Get(std::string_view name) {
  const std::string wanted(name);
  std::optional<v1::GenerationState> none;
  co_await Meet(v1::GENERATION_STATE_UNSPECIFIED, none);
  if (absl::Status fault = ReadFault(); !fault.ok()) co_return fault;
  const auto it = records_.find(wanted);
  if (it == records_.end()) co_return absl::NotFoundError("no such record");
  co_return it->second;
}

awaitable<absl::StatusOr<Record>> FakeGenerationStore::Find(std::string_view caller, std::string_view request_id) {
  const std::string wanted_caller(caller);
  const std::string wanted_id(request_id);
  std::optional<v1::GenerationState> none;
  co_await Meet(v1::GENERATION_STATE_UNSPECIFIED, none);
  if (absl::Status fault = ReadFault(); !fault.ok()) co_return fault;
  for (const auto& [name, kept] : records_) {
    if (kept.caller() == wanted_caller && kept.generation().request_id() == wanted_id) co_return kept;
  }
  co_return absl::NotFoundError("no such request");
}

awaitable<absl::StatusOr<std::vector<Record>>> FakeGenerationStore::List(generation::ListQuery query) {
  if (absl::Status fault = ReadFault(); !fault.ok()) co_return fault;
  std::vector<Record> found;
  for (auto it = records_.rbegin(); it != records_.rend(); ++it) {
    if (it->second.caller() == query.caller) found.push_back(it->second);
  }
  co_return found;
}

awaitable<absl::StatusOr<std::vector<Record>>> FakeGenerationStore::ListRunning() {
  if (absl::Status fault = ReadFault(); !fault.ok()) co_return fault;
  std::vector<Record> running;
  for (const auto& [name, record] : records_) {
    if (!generation::HasEnded(record)) running.push_back(record);
  }
  co_return running;
}

awaitable<absl::StatusOr<std::vector<Record>>> FakeGenerationStore::ListDue(generation::DueQuery query) {
  std::optional<v1::GenerationState> none;
  co_await Meet(v1::GENERATION_STATE_UNSPECIFIED, none);
  if (absl::Status fault = ReadFault(); !fault.ok()) co_return fault;
  std::vector<Record> due;
  for (const auto& [name, record] : records_) {
    if (generation::IsDue(record, query)) due.push_back(record);
  }
  std::stable_sort(due.begin(), due.end(), [&query](const Record& a, const Record& b) {
    return generation::DueTime(a, query.by) < generation::DueTime(b, query.by);
  });
  due.resize(std::min(due.size(), static_cast<std::size_t>(query.limit)));
  co_return due;
}

awaitable<absl::StatusOr<std::int64_t>> FakeGenerationStore::KeptBytes() {
  if (absl::Status fault = ReadFault(); !fault.ok()) co_return fault;
  std::map<std::string, std::int64_t> sizes;
  for (const auto& [name, record] : records_) {
    const v1::Image& image = record.generation().image();
    if (generation::HasKeptImage(record)) sizes[image.sha256()] = image.size_bytes();
  }
  std::int64_t total = 0;
  for (const auto& [digest, size] : sizes) total += size;
  co_return total;
}

awaitable<absl::StatusOr<std::vector<std::string>>> FakeGenerationStore::Unused(std::vector<std::string> digests) {
  std::optional<v1::GenerationState> none;
  co_await Meet(v1::GENERATION_STATE_UNSPECIFIED, none);
  if (absl::Status fault = ReadFault(); !fault.ok()) co_return fault;
  for (const auto& [name, record] : records_) {
    if (generation::HasKeptImage(record)) std::erase(digests, record.generation().image().sha256());
  }
  co_return digests;
}

awaitable<absl::Status> FakeGenerationStore::Remove(std::string_view name, std::int64_t revision) {
  const std::string wanted(name);
  co_await Meet(v1::GENERATION_STATE_UNSPECIFIED, die_before_);
  const WriteFault fault = NextWriteFault();
  if (!fault.status.ok() && !fault.applied) co_return fault.status;
  const absl::Status erased = Erase(wanted, revision);
  co_await Meet(v1::GENERATION_STATE_UNSPECIFIED, die_after_);
  co_return fault.status.ok() ? erased : fault.status;
}

absl::Status FakeGenerationStore::Erase(const std::string& name, std::int64_t revision) {
  const auto it = records_.find(name);
  if (it == records_.end()) return absl::NotFoundError("no such record");
  if (it->second.generation().revision() != revision) return absl::AbortedError("revision");
  records_.erase(it);
  return absl::OkStatus();
}

awaitable<absl::Status> FakeGenerationStore::Check() { co_return absl::OkStatus(); }

}  // namespace easel::fakes
