#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace easel::fakes {

// Holds coroutines back until a test lets them pass. Thread-safe; open from the start.
class Gate {
 public:
  void Close();
  // Everybody who waits goes on, and whoever comes later passes.
  void Open();
  // How many wait now.
  int waiting() const;

  // Returns when the gate is open, or early when the coroutine is cancelled: false then.
  boost::asio::awaitable<bool> Pass();

 private:
  mutable std::mutex mutex_;
  bool open_ = true;
  std::vector<std::shared_ptr<boost::asio::steady_timer>> waiters_;
};

}  // namespace easel::fakes
