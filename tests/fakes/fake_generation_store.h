#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "generation/ports/generation_store.h"

namespace easel::fakes {

// Records in memory that survive a "crash" (the end of an io_context with all its coroutines), with faults and deaths at a
// test's wish. For one thread.
class FakeGenerationStore final : public generation::GenerationStore {
 public:
  // The next `count` writes (Reserve, Update, Remove) fail and change nothing.
  void FailWrites(int count, absl::Status with = absl::UnavailableError("/var/lib/secret/path: disk trouble"));
  // The next `count` writes take effect and are reported as failed.
  void FailWritesAfterApplying(int count);
  // The next `count` reads (Get, Find, and all that list or count) fail.
  void FailReads(int count);
  // The next `count` writes and reads alike.
  void FailAll(int count);

  // The process dies when this state of any record is about to be written, or just was: from here on nothing returns.
  void DieBefore(v1::GenerationState state) { die_before_ = state; }
  void DieAfter(v1::GenerationState state) { die_after_ = state; }
  bool dead() const { return dead_; }
  // The next process starts: nothing dies any more.
  void Revive();

  // As another process would, whatever is kept.
  void Overwrite(generation::Record record);

  // Called before each write, with what is written.
  std::function<void(const generation::Record&)> on_write = [](const generation::Record&) {};

  std::optional<generation::Record> Kept(const std::string& name) const;
  std::vector<generation::Record> All() const;
  // The states of all records, in the order of their writing.
  const std::vector<v1::GenerationState>& written() const { return written_; }
  // What each of those writes had to survive.
  const std::vector<generation::Durability>& durabilities() const { return durabilities_; }
  int attempted_writes() const { return attempted_writes_; }

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
  // A write of the state UNSPECIFIED, for faults and deaths.
  boost::asio::awaitable<absl::Status> Remove(std::string_view name, std::int64_t revision) override;
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  absl::StatusOr<generation::Reservation> Insert(generation::Record record);
  absl::Status Replace(generation::Record record, generation::Durability durability);
  absl::Status Erase(const std::string& name, std::int64_t revision);
  boost::asio::awaitable<void> Meet(v1::GenerationState state, std::optional<v1::GenerationState>& death);
  absl::Status ReadFault();
  // Set: the write is reported as failed with it, after taking effect if `applied`.
  struct WriteFault {
    absl::Status status;
    bool applied = false;
  };
  WriteFault NextWriteFault();

  std::map<std::string, generation::Record, std::less<>> records_;
  std::vector<v1::GenerationState> written_;
  std::vector<generation::Durability> durabilities_;
  int attempted_writes_ = 0;
  int failing_writes_ = 0;
  absl::Status write_failure_;
  int failing_after_applying_ = 0;
  int failing_reads_ = 0;
  std::optional<v1::GenerationState> die_before_;
  std::optional<v1::GenerationState> die_after_;
  bool dead_ = false;
};

}  // namespace easel::fakes
