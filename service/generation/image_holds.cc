#include "generation/image_holds.h"

#include <boost/asio/this_coro.hpp>

namespace easel::generation {

boost::asio::awaitable<ImageHolds::Held> ImageHolds::Hold(std::string digest) {
  const auto wakeup = std::make_shared<Wakeup>(co_await boost::asio::this_coro::executor);
  while (!TryHold(digest, wakeup)) co_await wakeup->Wait(absl::InfiniteDuration());
  co_return Held(shared_from_this(), std::move(digest));
}

bool ImageHolds::TryHold(const std::string& digest, const std::shared_ptr<Wakeup>& wakeup) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[digest];
  if (entry.claimed) {
    entry.waiting.push_back(wakeup);
    return false;
  }
  ++entry.holds;
  return true;
}

std::optional<ImageHolds::Held> ImageHolds::Claim(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  if (entries_.contains(digest)) return std::nullopt;
  entries_[digest].claimed = true;
  return Held(shared_from_this(), digest);
}

void ImageHolds::Release(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  ++releases_;
  const auto it = entries_.find(digest);
  if (!it->second.claimed && --it->second.holds > 0) return;
  for (const auto& wakeup : it->second.waiting) wakeup->Notify();
  entries_.erase(it);
}

bool ImageHolds::InUse(const std::string& digest) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(digest);
}

void ImageHolds::Doubt(std::string digest) {
  const std::lock_guard lock(mutex_);
  doubtful_.insert(std::move(digest));
}

std::vector<std::string> ImageHolds::TakeDoubtful() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> free;
  for (auto it = doubtful_.begin(); it != doubtful_.end();) {
    if (entries_.contains(*it)) {
      ++it;
    } else {
      free.push_back(std::move(doubtful_.extract(it++).value()));
    }
  }
  return free;
}

std::uint64_t ImageHolds::releases() const {
  const std::lock_guard lock(mutex_);
  return releases_;
}

}  // namespace easel::generation
