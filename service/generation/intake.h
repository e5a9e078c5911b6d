#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "generation/generations.h"
#include "generation/lifecycle.h"
#include "generation/live_generation.h"
#include "generation/mirrors.h"
#include "generation/running_generations.h"
#include "generation/unsent.h"
#include "generation/watcher.h"

namespace easel::generation {

// How work comes into this process: new orders, orders for what is there already, and what a restart finds. Thread-safe.
class Intake {
 public:
  // All outlive this. `mirrors` are used where the world has replicas.
  Intake(const World& world, RunningGenerations& running, Mirrors& mirrors)
      : world_(world), running_(running), mirrors_(mirrors) {}

  // `order` is valid and has a request_id.
  boost::asio::awaitable<absl::StatusOr<Watcher>> Start(Order order);

  // Holds the generation of a record that has not ended: joins who runs it, or else carries it on, for it is nobody's (a
  // store that took a record and reported a failure leaves such ones). Not with replicas, where it may be another's.
  boost::asio::awaitable<absl::StatusOr<Watcher>> Hold(Record record);

  // Whether what this process knows of it is the truth: not while another one may have taken it over.
  bool RunsHere(const LiveGeneration& live) const {
    return world_.replicas == nullptr || (live.lease() != 0 && live.lease() == world_.replicas->lease());
  }

  boost::asio::awaitable<absl::Status> Recover();

  // Carries on what nobody runs, in the order of recovery; what an order of this process is busy with is left out.
  void Resume(std::vector<Record> running);

  // The same for one that belongs to this process and may be running here already.
  boost::asio::awaitable<absl::Status> Adopt(std::string name);

  // Looks whether an image could be kept: orders are refused while none could, so that none is paid for in vain.
  boost::asio::awaitable<absl::Status> CheckImages();

  void StopTaking() { taking_ = false; }

 private:
  ::easel::generation::Record NewRecord(const Order& order) const;
  void ApplyTerms(const Order& order, Record& record) const;
  // What was found a moment ago, so that many orders at once make one look at the disk; else a look.
  boost::asio::awaitable<absl::Status> ImagesReady();
  absl::StatusOr<Standing> Admit(const Order& order, const v1::ImageSpec& resolved);
  boost::asio::awaitable<absl::StatusOr<Watcher>> Accept(Order order, std::shared_ptr<LiveGeneration> live);
  boost::asio::awaitable<absl::StatusOr<Watcher>> AcceptRefused(Order order, std::shared_ptr<LiveGeneration> live,
                                                                absl::Status refusal);
  // `refusal`: why the caller's limits at all processes together do not allow it, if they do not.
  boost::asio::awaitable<absl::StatusOr<Reservation>> Reserve(Snapshot record, bool repeatable, CallerLimits::Pass& pass,
                                                              absl::Status& refusal);
  boost::asio::awaitable<absl::StatusOr<Reservation>> ReserveWithinLimits(Snapshot record, CallerLimits::Pass& pass,
                                                                          absl::Status& refusal);
  boost::asio::awaitable<absl::StatusOr<Watcher>> Existing(Order order, Record record,
                                                           std::shared_ptr<LiveGeneration> live, Standing standing);
  boost::asio::awaitable<absl::StatusOr<Watcher>> FromStore(std::string name);
  // `ours`: it certainly belongs to this process.
  Watcher CarryOn(Record record, std::shared_ptr<LiveGeneration> live, bool ours = false);
  boost::asio::awaitable<absl::StatusOr<Watcher>> Join(std::shared_ptr<LiveGeneration> live);
  void Settle(const RunningGenerations::Request& request, const std::shared_ptr<LiveGeneration>& live,
              const absl::StatusOr<Watcher>& outcome);
  void CountFor(const Record& record, LiveGeneration& live, CallerLimits::Pass pass);
  void Launch(std::shared_ptr<LiveGeneration> live, Snapshot snapshot, Standing standing, Origin origin);
  boost::asio::awaitable<void> Live(std::shared_ptr<LiveGeneration> live, Standing standing, Origin origin);

  const World& world_;
  RunningGenerations& running_;
  Mirrors& mirrors_;
  Unsent unsent_;
  std::atomic<bool> taking_ = true;
  std::atomic<std::int64_t> images_ready_until_ = 0;  // in nanoseconds since 1970
};

}  // namespace easel::generation
