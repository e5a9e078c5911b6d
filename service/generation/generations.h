#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "easel/v1/image_service.pb.h"
#include "generation/lifecycle.h"
#include "generation/watcher.h"

namespace easel::generation {

// A wish for an image, as any of the RPCs brings it.
struct Order {
  std::string caller;
  v1::ImageSpec spec;
  // Empty: one is made.
  std::string request_id;
  // The request_id is the caller's own, so the order can be sent again.
  bool repeatable = true;
  v1::CancelPolicy cancel_policy = v1::CANCEL_POLICY_UNSPECIFIED;
  bool allow_resubmission = false;
  bool allow_fallback = false;
  // The deadline of a call that waits for the image; none for StartGeneration.
  std::optional<absl::Time> deadline;
  std::string traceparent;
};

// All generations of this service: takes orders, finds, cancels, and carries on what a restart finds. What every RPC calls.
//
// Thread-safe. Coroutines run on the caller's executor (one of the service's loops); each generation's own work runs on
// one loop. Errors are statuses made by generation/error.h. Nothing here is interrupted by cancellation of the calling
// coroutine: what was begun is finished.
class Generations {
 public:
  // `loops`: where lifecycles run. Everything in `world` outlives this object, and this object every coroutine it started:
  // destroy it after the loops have stopped.
  Generations(World world, std::vector<boost::asio::any_io_executor> loops);
  ~Generations();

  // Checks the order, and accepts it unless its request_id is known. OK: the generation is durable, new or old.
  boost::asio::awaitable<absl::StatusOr<Watcher>> Start(Order order);

  // Holds a generation of this caller's.
  boost::asio::awaitable<absl::StatusOr<Watcher>> Watch(std::string caller, std::string name);

  boost::asio::awaitable<absl::StatusOr<Snapshot>> Get(std::string caller, std::string name);
  // Whoever calls: the signature of a link is its own authority.
  boost::asio::awaitable<absl::StatusOr<Snapshot>> Find(std::string name);
  boost::asio::awaitable<absl::StatusOr<std::vector<Snapshot>>> List(ListQuery query);

  // Returns the generation after the wish took effect: with ABORT it waits until the work has stopped.
  boost::asio::awaitable<absl::StatusOr<Snapshot>> Cancel(std::string caller, std::string name, v1::CancelPolicy policy);

  // Removes record and bytes now; bytes that somebody reads, or that cannot be removed, a little later.
  boost::asio::awaitable<absl::Status> Delete(std::string caller, std::string name);

  // Opens the bytes of a generation that SUCCEEDED. They stay until the reader is gone, which must not outlive this.
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<ImageReader>>> OpenImage(Snapshot snapshot);

  // Checks a spec as Start would; spends and records nothing.
  absl::StatusOr<v1::QuoteImageResponse> Quote(const v1::ImageSpec& spec) const;

  v1::ListModelsResponse ListModels() const;

  // The generation as callers see it: with progress, as of now, and the image's URL.
  v1::Generation Show(const Record& record) const;

  // Whether an image could be kept now; orders are refused from here on while none could (STORAGE_UNAVAILABLE).
  boost::asio::awaitable<absl::Status> CheckImages();

  // Picks up every running record of the store, or those that no other process runs: what a start does before it serves.
  boost::asio::awaitable<absl::Status> Recover();

  // From here on what was kept long enough is removed, in the background, until Suspend. At most once.
  void StartRetention();

  // No order is taken from here on (SHUTTING_DOWN), and nothing leaves the queue any more.
  void StopTaking();
  // Generations at work right now; what waits in the queue does not count.
  int AtWork() const;
  // All that have a lifecycle, those in the queue included.
  int Running() const;
  // Every lifecycle stops at its next step: a restart carries on from what is recorded. Nothing more is recorded, but that
  // a request which certainly did not leave is QUEUED again.
  void Suspend();
  // Waits, on a thread that is no loop, until no lifecycle runs any more and nothing is being removed; false: some still
  // do after `patience`.
  bool AwaitIdle(absl::Duration patience) const;

 private:
  struct Shared;
  boost::asio::awaitable<absl::StatusOr<Snapshot>> CancelElsewhere(Watcher watcher, v1::CancelPolicy policy);

  std::unique_ptr<Shared> shared_;
};

}  // namespace easel::generation
