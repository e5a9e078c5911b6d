#pragma once

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

namespace easel::upstream {

// Runs `operation` so that cancellation of the calling coroutine is a state it can read (IsCancelled), never an exception
// out of its next co_await. The caller's own choice holds again afterwards.
template <typename T>
boost::asio::awaitable<T> WithoutThrowing(boost::asio::awaitable<T> operation) {
  const bool before = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  T result = co_await std::move(operation);
  co_await boost::asio::this_coro::throw_if_cancelled(before);
  co_return result;
}

inline bool IsCancelled(const boost::asio::cancellation_state& state) {
  return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace easel::upstream
