#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "generation/wakeup.h"

namespace easel::generation {

// Which images are in use right now, by digest, so that nobody removes bytes which somebody reads, or has kept and is about
// to refer to in a record. Thread-safe. Knows of this process alone: several that share a store need a lock in it as well.
class ImageHolds : public std::enable_shared_from_this<ImageHolds> {
 public:
  // In use, or claimed, for as long as it lives. Movable; keeps the ImageHolds alive.
  class Held {
   public:
    Held(std::shared_ptr<ImageHolds> holds, std::string digest) : holds_(std::move(holds)), digest_(std::move(digest)) {}
    Held(Held&&) noexcept = default;
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (holds_ != nullptr) holds_->Release(digest_);
    }

   private:
    std::shared_ptr<ImageHolds> holds_;
    std::string digest_;
  };

  // Shared with others who use it; waits while somebody has claimed it.
  boost::asio::awaitable<Held> Hold(std::string digest);

  // Alone, to remove it. Nothing: it is in use or claimed.
  std::optional<Held> Claim(const std::string& digest);

  bool InUse(const std::string& digest) const;

  // Notes what may have to be removed once it is not in use any more.
  void Doubt(std::string digest);
  // The doubtful ones that are not in use, which are noted no longer.
  std::vector<std::string> TakeDoubtful();

  // How often one was let go: where nothing was, nobody can have recorded an image.
  std::uint64_t releases() const;

 private:
  struct Entry {
    int holds = 0;
    bool claimed = false;
    std::vector<std::shared_ptr<Wakeup>> waiting;
  };

  // False: it is claimed, and `wakeup` waits.
  bool TryHold(const std::string& digest, const std::shared_ptr<Wakeup>& wakeup);
  void Release(const std::string& digest);

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::set<std::string> doubtful_;
  std::uint64_t releases_ = 0;
};

}  // namespace easel::generation
