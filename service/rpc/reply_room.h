#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include <boost/asio/awaitable.hpp>

#include "absl/time/time.h"
#include "generation/wakeup.h"
#include "rpc/call.h"

namespace easel::rpc {

// Memory for replies that hold an image whole: so many bytes at the same time, however slowly they are read. Thread-safe;
// outlives all shares.
class ReplyRoom {
 public:
  explicit ReplyRoom(std::int64_t bytes) : all_(bytes), free_(bytes) {}

  // Room for one reply, until this goes.
  class Share {
   public:
    Share(ReplyRoom& room, std::int64_t bytes) : room_(room), bytes_(bytes) {}
    ~Share() { room_.GiveBack(bytes_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    ReplyRoom& room_;
    const std::int64_t bytes_;
  };

  // Waits until there is room, first come, first served; what is larger than all of it waits until it is alone. nullptr:
  // `patience` was over, or the call was interrupted.
  boost::asio::awaitable<std::shared_ptr<Share>> Take(const Call& call, std::int64_t bytes, absl::Duration patience);

 private:
  struct Waiter {
    std::int64_t bytes;
    std::shared_ptr<generation::Wakeup> wakeup;
    bool served = false;
  };

  void GiveBack(std::int64_t bytes);
  bool Served(Waiter& waiter);
  // Whether it had been served all the same.
  bool Leave(Waiter& waiter);
  void ServeNext();  // with mutex_

  const std::int64_t all_;
  std::mutex mutex_;
  std::int64_t free_;
  std::deque<Waiter*> waiting_;
};

}  // namespace easel::rpc
