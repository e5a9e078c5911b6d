#include "generation/running_generations.h"

#include <algorithm>

namespace easel::generation {

std::pair<std::shared_ptr<LiveGeneration>, bool> RunningGenerations::Enter(const Request& request,
                                                                           const boost::asio::any_io_executor& loop) {
  const std::lock_guard lock(mutex_);
  auto& entry = by_request_[request];
  if (entry != nullptr) return {entry, false};
  entry = std::make_shared<LiveGeneration>(LoopFor(loop));
  return {entry, true};
}

const boost::asio::any_io_executor& RunningGenerations::LoopFor(const boost::asio::any_io_executor& wanted) {
  const auto found = std::find(loops_.begin(), loops_.end(), wanted);
  return found != loops_.end() ? *found : loops_[next_loop_++ % loops_.size()];
}

void RunningGenerations::EnterName(const std::string& name, const std::shared_ptr<LiveGeneration>& live) {
  const std::lock_guard lock(mutex_);
  by_name_[name] = live;
  if (suspended_) live->Suspend();
}

void RunningGenerations::Leave(const Request& request, const std::shared_ptr<LiveGeneration>& live) {
  const Snapshot last = live->snapshot();
  const std::lock_guard lock(mutex_);
  if (const auto it = by_request_.find(request); it != by_request_.end() && it->second == live) by_request_.erase(it);
  left_.notify_all();
  if (last == nullptr) return;
  const auto it = by_name_.find(last->generation().name());
  if (it != by_name_.end() && it->second == live) by_name_.erase(it);
}

std::shared_ptr<LiveGeneration> RunningGenerations::Find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<LiveGeneration>> RunningGenerations::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<LiveGeneration>> all;
  for (const auto& [name, live] : by_name_) all.push_back(live);
  return all;
}

void RunningGenerations::Suspend() {
  const std::lock_guard lock(mutex_);
  suspended_ = true;
  for (const auto& [name, live] : by_name_) live->Suspend();
}

int RunningGenerations::AtWork() const {
  const std::lock_guard lock(mutex_);
  int count = 0;
  for (const auto& [name, live] : by_name_) {
    const Snapshot snapshot = live->snapshot();
    count += snapshot->generation().state() != v1::GENERATION_STATE_QUEUED && !HasEnded(*snapshot) ? 1 : 0;
  }
  return count;
}

int RunningGenerations::Count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(by_request_.size());
}

bool RunningGenerations::AwaitNone(absl::Duration patience) const {
  std::unique_lock lock(mutex_);
  return left_.wait_for(lock, absl::ToChronoMilliseconds(patience), [this] { return by_request_.empty(); });
}

}  // namespace easel::generation
