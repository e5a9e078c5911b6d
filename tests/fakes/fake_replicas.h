#pragma once

#include <string>
#include <utility>
#include <vector>

#include "generation/ports/replicas.h"

namespace easel::fakes {

// Fellow processes as a test says they are. For one thread.
class FakeReplicas final : public generation::Replicas {
 public:
  std::uint64_t held = 1;  // the lease
  Standing place;
  std::vector<generation::Record> free;  // what belongs to nobody
  std::vector<Owned> owned;
  std::vector<Owned> let_go;
  CountByModel waiting;
  std::vector<std::pair<std::string, Wish>> told;
  std::vector<std::string> held_images;
  Listener* listener = nullptr;
  generation::CallerUsage elsewhere;
  generation::GenerationStore* store = nullptr;

  void Listen(Listener* one) override { listener = one; }
  Standing standing() const override { return place; }
  std::uint64_t lease() const override { return held; }
  boost::asio::awaitable<absl::StatusOr<std::vector<Owned>>> ListOwned() override { co_return owned; }
  boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> TakeOver(int) override {
    for (const auto& record : free) owned.push_back({record.generation().name(), Wish::kNone});
    co_return std::exchange(free, {});
  }
  boost::asio::awaitable<absl::StatusOr<CountByModel>> LetGoOfQueued() override {
    std::vector<Owned> kept;
    for (const Owned& one : owned) {
      const absl::StatusOr<generation::Record> record = co_await store->Get(one.name);
      const bool queued = record.ok() && record->generation().state() == v1::GENERATION_STATE_QUEUED;
      (queued ? let_go : kept).push_back(one);
    }
    owned = std::move(kept);
    co_return waiting;
  }
  boost::asio::awaitable<absl::Status> Tell(std::string_view name, Wish wish) override {
    told.emplace_back(std::string(name), wish);
    co_return absl::OkStatus();
  }
  boost::asio::awaitable<absl::Status> HoldImage(std::string_view, std::string_view digest) override {
    held_images.emplace_back(digest);
    co_return absl::OkStatus();
  }
  boost::asio::awaitable<absl::StatusOr<bool>> ClaimImage(std::string_view) override { co_return true; }
  boost::asio::awaitable<absl::Status> ForgetImage(std::string_view) override { co_return absl::OkStatus(); }
  // As if others had `elsewhere` of the caller.
  boost::asio::awaitable<absl::StatusOr<generation::Reservation>> ReserveWithin(Quota quota,
                                                                                generation::Snapshot record) override {
    generation::CallerUsage usage = elsewhere;
    if (!quota.allows(usage)) co_return absl::ResourceExhaustedError("not within the quota");
    co_return co_await store->Reserve(std::move(record));
  }
  boost::asio::awaitable<absl::Status> Leave() override {
    held = 0;
    co_return absl::OkStatus();
  }
};

}  // namespace easel::fakes
