#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace easel {

// Runs coroutines on the calling thread until they have their results.
class Loop {
 public:
  boost::asio::io_context& context() { return context_; }

  template <typename T>
  T Run(boost::asio::awaitable<T> work) {
    std::vector<boost::asio::awaitable<T>> all;
    all.push_back(std::move(work));
    return std::move(RunAll(std::move(all)).front());
  }

  // All at the same time; results in their order.
  template <typename T>
  std::vector<T> RunAll(std::vector<boost::asio::awaitable<T>> all) {
    std::vector<std::optional<T>> slots = Start(std::move(all));
    Finish(slots);
    std::vector<T> results;
    for (std::optional<T>& slot : slots) results.push_back(std::move(slot).value());
    return results;
  }

  // Runs each up to where it waits for another thread. `slots` fill while the context runs on; keep them in place.
  template <typename T>
  std::vector<std::optional<T>> Start(std::vector<boost::asio::awaitable<T>> all) {
    std::vector<std::optional<T>> slots(all.size());
    std::size_t begun = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      boost::asio::co_spawn(context_, Fill(std::move(all[i]), slots[i], begun), boost::asio::detached);
    }
    do {
      context_.restart();
      context_.poll();
    } while (begun < slots.size());
    return slots;
  }

  // Until all that was started has its result.
  template <typename T>
  void Finish(const std::vector<std::optional<T>>& slots) {
    RunUntil([&slots] { return std::all_of(slots.begin(), slots.end(), [](const auto& slot) { return slot.has_value(); }); });
  }

  // Not until it has nothing to do: an HTTP client that keeps connections always has. And a loop may say that it has
  // nothing while it has: another thread that lets go of work that is done stops it a moment later.
  template <typename Done>
  void RunUntil(Done done) {
    while (!done()) {
      if (context_.run_one_for(std::chrono::seconds(1)) == 0) context_.restart();
    }
  }

 private:
  template <typename T>
  static boost::asio::awaitable<void> Fill(boost::asio::awaitable<T> work, std::optional<T>& slot, std::size_t& begun) {
    ++begun;
    slot.emplace(co_await std::move(work));
  }

  boost::asio::io_context context_;
};

}  // namespace easel
