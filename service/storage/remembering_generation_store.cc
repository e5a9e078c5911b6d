#include "storage/remembering_generation_store.h"

#include "storage/completion.h"

namespace easel::storage {

using boost::asio::awaitable;
using generation::Durability;
using generation::Record;
using generation::Reservation;
using generation::Snapshot;

namespace {

bool HasEnded(const Record& record) { return record.generation().state() >= v1::GENERATION_STATE_SUCCEEDED; }

}  // namespace

class RememberingGenerationStore::Writing {
 public:
  Writing(RememberingGenerationStore& store, std::string name) : store_(store), name_(std::move(name)) {
    const std::lock_guard lock(store_.mutex_);
    ++store_.writes_[name_];
    store_.entries_.get<ByName>().erase(name_);
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    const std::lock_guard lock(store_.mutex_);
    if (const auto it = store_.writes_.find(name_); --it->second == 0) store_.writes_.erase(it);
  }

  // It was written. Where another write is under way, nobody knows which of them is the last.
  void Remember(Snapshot record) {
    const std::lock_guard lock(store_.mutex_);
    if (store_.writes_.at(name_) > 1) return;
    const Request request(record->caller(), record->generation().request_id());
    store_.entries_.push_front({name_, request, std::move(record)});
    if (store_.entries_.size() > store_.capacity_) store_.entries_.pop_back();
  }

 private:
  RememberingGenerationStore& store_;
  const std::string name_;
};

RememberingGenerationStore::RememberingGenerationStore(std::shared_ptr<generation::GenerationStore> store,
                                                       std::size_t capacity)
    : store_(std::move(store)), capacity_(capacity) {}

awaitable<absl::StatusOr<Reservation>> RememberingGenerationStore::Reserve(Snapshot record) {
  return store_->Reserve(std::move(record));
}

awaitable<absl::Status> RememberingGenerationStore::Update(Snapshot record, Durability durability) {
  Writing writing(*this, record->generation().name());
  const absl::Status updated = co_await store_->Update(record, durability);
  if (updated.ok() && HasEnded(*record)) writing.Remember(record);
  co_return updated;
}

awaitable<absl::StatusOr<Record>> RememberingGenerationStore::Get(std::string_view name) {
  if (const auto known = Remembered(name)) return Ready<absl::StatusOr<Record>>(*known);
  return store_->Get(name);
}

awaitable<absl::StatusOr<Record>> RememberingGenerationStore::Find(std::string_view caller, std::string_view request_id) {
  if (const auto known = Remembered(caller, request_id)) return Ready<absl::StatusOr<Record>>(*known);
  return store_->Find(caller, request_id);
}

Snapshot RememberingGenerationStore::Remembered(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto& by_name = entries_.get<ByName>();
  const auto known = by_name.find(std::string(name));
  return known == by_name.end() ? nullptr : known->record;
}

Snapshot RememberingGenerationStore::Remembered(std::string_view caller,
                                                                     std::string_view request_id) const {
  const std::lock_guard lock(mutex_);
  const auto& by_request = entries_.get<ByRequest>();
  const auto known = by_request.find(Request(caller, request_id));
  return known == by_request.end() ? nullptr : known->record;
}

awaitable<absl::StatusOr<std::vector<Record>>> RememberingGenerationStore::List(generation::ListQuery query) {
  return store_->List(std::move(query));
}

awaitable<absl::StatusOr<std::vector<Record>>> RememberingGenerationStore::ListRunning() { return store_->ListRunning(); }

awaitable<absl::StatusOr<std::vector<Record>>> RememberingGenerationStore::ListDue(generation::DueQuery query) {
  return store_->ListDue(std::move(query));
}

awaitable<absl::StatusOr<std::int64_t>> RememberingGenerationStore::KeptBytes() { return store_->KeptBytes(); }

awaitable<absl::StatusOr<std::vector<std::string>>> RememberingGenerationStore::Unused(std::vector<std::string> digests) {
  return store_->Unused(std::move(digests));
}

awaitable<absl::Status> RememberingGenerationStore::Remove(std::string_view name, std::int64_t revision) {
  const std::string removed(name);
  const Writing writing(*this, removed);
  co_return co_await store_->Remove(removed, revision);
}

awaitable<absl::Status> RememberingGenerationStore::Check() { return store_->Check(); }

}  // namespace easel::storage
