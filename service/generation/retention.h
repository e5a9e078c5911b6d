#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "generation/lifecycle.h"

namespace easel::generation {

// Removes what was kept long enough: images whose expire_time has come; while there are more bytes than may be kept, the
// images whose expire_time comes first; and records, request_ids with them, at their remove_time. Never what runs or what
// somebody reads: that waits for a later sweep.
//
// A record says that its image is gone, or is gone itself, before the bytes are. What a crash in between leaves behind, no
// record refers to: the first sweep of the next process looks through all kept images for such.
class Retention {
 public:
  // `world` outlives this.
  explicit Retention(const World& world) : world_(world) {}

  // Sweeps from now on, on `loop`, until Stop. At most once. A fault is told and tried again later.
  void Start(boost::asio::any_io_executor loop);
  // Any thread. The sweep ends with the step that it is at.
  void Stop();
  // Waits, on a thread that is no loop, until no sweep runs any more; false: one still does after `patience`.
  bool AwaitStopped(absl::Duration patience) const;

  // Removes the bytes of an image that no record refers to; what is in use, or fails, waits for a later sweep. Any loop.
  boost::asio::awaitable<absl::Status> RemoveImage(std::string digest);

 private:
  boost::asio::awaitable<void> Run();
  boost::asio::awaitable<absl::Status> Sweep();
  boost::asio::awaitable<absl::Status> RemoveRecords();
  boost::asio::awaitable<absl::Status> ExpireImages();
  boost::asio::awaitable<absl::Status> MakeRoom();
  boost::asio::awaitable<absl::Status> RemoveDoubtful();
  boost::asio::awaitable<absl::Status> RemoveForgotten();

  boost::asio::awaitable<absl::Status> RemoveRecord(Record record);
  boost::asio::awaitable<absl::Status> Expire(Record record);
  // What is next in this order, and after that what follows; nothing once all was given, or when stopping.
  boost::asio::awaitable<absl::StatusOr<std::vector<Record>>> Next(DueQuery& query);
  bool IsRead(const Record& record) const;
  boost::asio::awaitable<absl::StatusOr<bool>> IsFree(const std::string& digest);
  boost::asio::awaitable<absl::Status> RemoveBytes(const std::string& digest, std::uint64_t lease);
  absl::Duration Interval() const;

  const World& world_;
  std::atomic<bool> stopping_ = false;
  boost::asio::any_io_executor loop_;
  boost::asio::cancellation_signal wake_up_;  // touched on the loop only
  mutable std::mutex mutex_;
  mutable std::condition_variable stopped_;
  bool running_ = false;

  // What the sweeps know of each other; on the loop only.
  std::optional<std::uint64_t> releases_when_it_fitted_;
  bool looked_for_forgotten_ = false;
  std::string looked_up_to_;
};

}  // namespace easel::generation
