#pragma once

#include <exception>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "storage/completion.h"

namespace easel::storage {

// Runs `operation` on the calling coroutine's executor as a coroutine of its own, which a cancellation of the calling one
// does not reach. It must not throw.
template <typename T>
boost::asio::awaitable<T> Uncancelled(boost::asio::awaitable<T> operation) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  auto start = [executor, operation = std::move(operation)](Completion<T> completion) mutable {
    boost::asio::co_spawn(executor, std::move(operation),
                          [completion = std::move(completion)](std::exception_ptr, T result) mutable {
                            std::vector<Resumption> done;
                            done.push_back(std::move(completion).With(std::move(result)));
                            ResumeAll(std::move(done));
                          });
  };
  co_return co_await Await<T>(std::move(start));
}

}  // namespace easel::storage
