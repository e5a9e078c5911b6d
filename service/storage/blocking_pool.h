#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "storage/completion.h"

namespace easel::storage {

// Threads for calls that block, off every loop. The destructor finishes what was begun and hands each waiting coroutine
// its result.
class BlockingPool {
 public:
  explicit BlockingPool(std::size_t threads) : pool_(threads) {}
  ~BlockingPool() { pool_.join(); }

  // Runs `function` on one of the threads; the calling coroutine goes on, on its own executor, with what it returns.
  // Function is moved; what it refers to must live until the coroutine goes on.
  template <typename Function>
  auto Run(Function function) {
    using Result = std::invoke_result_t<Function&>;
    return Await<Result>([this, function = std::move(function)](Completion<Result> completion) mutable {
      boost::asio::post(pool_, [function = std::move(function), completion = std::move(completion)]() mutable {
        std::vector<Resumption> done;
        done.push_back(std::move(completion).With(function()));
        ResumeAll(std::move(done));
      });
    });
  }

 private:
  boost::asio::thread_pool pool_;
};

}  // namespace easel::storage
