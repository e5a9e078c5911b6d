#include "rpc/reply_room.h"

#include <algorithm>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/time/clock.h"

namespace easel::rpc {

namespace asio = boost::asio;

asio::awaitable<std::shared_ptr<ReplyRoom::Share>> ReplyRoom::Take(const Call& call, std::int64_t bytes,
                                                                  absl::Duration patience) {
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  Waiter waiter{.bytes = std::min(bytes, all_), .wakeup = std::make_shared<generation::Wakeup>(loop)};
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&waiter);
    ServeNext();
  }
  const absl::Time end = absl::Now() + patience;
  while (!Served(waiter)) {
    const absl::Duration left = end - absl::Now();
    if (!call.interrupted() && left > absl::ZeroDuration()) {
      co_await waiter.wakeup->Wait(left);
    } else if (!Leave(waiter)) {
      co_return nullptr;
    }
  }
  co_return std::make_shared<Share>(*this, waiter.bytes);
}

void ReplyRoom::GiveBack(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_ += bytes;
  ServeNext();
}

bool ReplyRoom::Served(Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  return waiter.served;
}

bool ReplyRoom::Leave(Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  if (waiter.served) return true;
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &waiter));
  ServeNext();  // who stood behind it may want less
  return false;
}

void ReplyRoom::ServeNext() {
  while (!waiting_.empty() && waiting_.front()->bytes <= free_) {
    Waiter& next = *waiting_.front();
    waiting_.pop_front();
    free_ -= next.bytes;
    next.served = true;
    next.wakeup->Notify();
  }
}

}  // namespace easel::rpc
