#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>

#include "generation/ports/generation_store.h"

namespace easel::storage {

// A store that answers Get and Find from memory for the generations that ended lately. Only for a store that nobody else
// writes to. Thread-safe; as durable as the store behind it.
//
// A record is remembered when its end was written, and forgotten as soon as another write of it begins: so a read that
// finds it here is one that comes before that write.
class RememberingGenerationStore : public generation::GenerationStore {
 public:
  explicit RememberingGenerationStore(std::shared_ptr<generation::GenerationStore> store, std::size_t capacity = 4096);

  boost::asio::awaitable<absl::StatusOr<generation::Reservation>> Reserve(generation::Snapshot record) override;
  using GenerationStore::Reserve;
  using GenerationStore::Update;
  boost::asio::awaitable<absl::Status> Update(generation::Snapshot record, generation::Durability durability) override;
  boost::asio::awaitable<absl::StatusOr<generation::Record>> Get(std::string_view name) override;
  boost::asio::awaitable<absl::StatusOr<generation::Record>> Find(std::string_view caller,
                                                                  std::string_view request_id) override;
  generation::Snapshot Remembered(std::string_view name) const override;
  generation::Snapshot Remembered(std::string_view caller,
                                                       std::string_view request_id) const override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> List(generation::ListQuery query) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> ListRunning() override;
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> ListDue(generation::DueQuery query) override;
  boost::asio::awaitable<absl::StatusOr<std::int64_t>> KeptBytes() override;
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> Unused(std::vector<std::string> digests) override;
  boost::asio::awaitable<absl::Status> Remove(std::string_view name, std::int64_t revision) override;
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  using Request = std::pair<std::string, std::string>;  // caller, request_id

  struct Entry {
    std::string name;
    Request request;
    generation::Snapshot record;
  };
  struct ByName {};
  struct ByRequest {};
  // In front: what was remembered last.
  using Entries = boost::multi_index_container<
      Entry, boost::multi_index::indexed_by<
                 boost::multi_index::sequenced<>,
                 boost::multi_index::hashed_unique<boost::multi_index::tag<ByName>,
                                                   boost::multi_index::member<Entry, std::string, &Entry::name>>,
                 boost::multi_index::hashed_unique<boost::multi_index::tag<ByRequest>,
                                                   boost::multi_index::member<Entry, Request, &Entry::request>>>>;

  // A write of a record, from before it is asked for until its outcome is known.
  class Writing;
  const std::shared_ptr<generation::GenerationStore> store_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, int> writes_;  // in flight, by name
};

}  // namespace easel::storage
