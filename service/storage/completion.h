#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/functional/any_invocable.h"

namespace easel::storage {

// A coroutine that has its result and only waits to be run on its own executor. Until then it counts as that executor's
// work, so that the loop does not end without it.
struct Resumption {
  boost::asio::any_io_executor executor;
  absl::AnyInvocable<void() &&> run;
};

// Runs each on its executor, with one hand-over for all that share one. Any thread. Must not outlive the executors.
void ResumeAll(std::vector<Resumption> resumptions);

// A suspended coroutine that waits for a T which another thread makes. It owns the coroutine: a Completion that is
// destroyed unused destroys the coroutine with it.
template <typename T>
class Completion {
 public:
  template <typename Handler, typename = std::enable_if_t<!std::is_same_v<std::decay_t<Handler>, Completion>>>
  explicit Completion(Handler handler)
      : executor_(boost::asio::prefer(boost::asio::any_io_executor(boost::asio::get_associated_executor(handler)),
                                      boost::asio::execution::outstanding_work.tracked)),
        handler_(std::move(handler)) {}

  Resumption With(T value) && {
    return {std::move(executor_),
            [handler = std::move(handler_), value = std::move(value)]() mutable { std::move(handler)(std::move(value)); }};
  }

 private:
  boost::asio::any_io_executor executor_;
  absl::AnyInvocable<void(T) &&> handler_;
};

// Suspends the calling coroutine and hands its Completion<T> to `start`. Cancellation does not reach it.
template <typename T, typename Start>
boost::asio::awaitable<T> Await(Start start) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(T)>(
      [](auto handler, Start begin) { std::move(begin)(Completion<T>(std::move(handler))); }, boost::asio::use_awaitable,
      std::move(start));
}

// A result that is there already.
template <typename T>
boost::asio::awaitable<T> Ready(T value) {
  co_return value;
}

}  // namespace easel::storage
