#pragma once

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

namespace easel::bench {

// From many threads to one that sleeps in between: the sleeper is woken once, by whoever puts the first item, and takes all
// that is there at once. It takes until there is nothing, then sleeps, then says that it is awake.
template <class Item>
class Inbox {
 public:
  // True: the taker sleeps and is to be woken.
  bool Put(Item item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    return asleep_.load(std::memory_order_relaxed) && asleep_.exchange(false);
  }

  // Takes everything into `items`, which is empty. False: there is nothing, and from now on the taker counts as asleep.
  bool Take(std::vector<Item>& items) {
    const std::lock_guard lock(mutex_);
    items_.swap(items);
    if (items.empty()) asleep_ = true;
    return !items.empty();
  }

  void Awake() { asleep_ = false; }

 private:
  std::mutex mutex_;
  std::vector<Item> items_;
  std::atomic<bool> asleep_ = false;
};

}  // namespace easel::bench
