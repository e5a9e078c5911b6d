#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/time/time.h"

namespace easel::generation {

// Lets one coroutine wait until somebody, on any thread, has news for it. News that come before the wait end it at once.
class Wakeup : public std::enable_shared_from_this<Wakeup> {
 public:
  // `executor` is the waiting coroutine's own, of one thread.
  explicit Wakeup(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {}

  // Any thread.
  void Notify();

  // Returns after Notify, after `patience`, or when the coroutine is cancelled.
  boost::asio::awaitable<void> Wait(absl::Duration patience);

 private:
  boost::asio::steady_timer timer_;
  bool notified_ = false;  // touched on the executor only
};

}  // namespace easel::generation
