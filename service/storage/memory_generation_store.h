#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "generation/ports/generation_store.h"

namespace easel::storage {

// Generations in memory: for tests, and for a service that may forget (EASEL_STORE=memory). Durable as long as the
// process. An operation takes effect when it is called, not when it is awaited. What lists or adds up reads every record.
class MemoryGenerationStore : public generation::GenerationStore {
 public:
  boost::asio::awaitable<absl::StatusOr<generation::Reservation>> Reserve(generation::Snapshot record) override;
  using GenerationStore::Reserve;
  using GenerationStore::Update;
  boost::asio::awaitable<absl::Status> Update(generation::Snapshot record, generation::Durability durability) override;
  boost::asio::awaitable<absl::StatusOr<generation::Record>> Get(std::string_view name) override;
  boost::asio::awaitable<absl::StatusOr<generation::Record>> Find(std::string_view caller,
                                                                  std::string_view request_id) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> List(generation::ListQuery query) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> ListRunning() override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> ListDue(generation::DueQuery query) override;
  boost::asio::awaitable<absl::StatusOr<std::int64_t>> KeptBytes() override;
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> Unused(std::vector<std::string> digests) override;
  boost::asio::awaitable<absl::Status> Remove(std::string_view name, std::int64_t revision) override;
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  using Request = std::pair<std::string, std::string>;  // caller, request_id

  absl::StatusOr<generation::Reservation> ReserveNow(generation::Snapshot record);
  absl::Status UpdateNow(generation::Snapshot record);
  absl::Status RemoveNow(std::string_view name, std::int64_t revision);
  absl::StatusOr<generation::Record> GetNow(std::string_view name) const;

  std::mutex mutex_;
  std::map<std::string, generation::Snapshot, std::less<>> by_name_;
  std::map<Request, std::string> by_request_;
};

}  // namespace easel::storage
