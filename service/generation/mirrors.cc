#include "generation/mirrors.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/strings/str_cat.h"
#include "generation/error.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

std::int64_t RevisionOf(const Snapshot& snapshot) { return snapshot->generation().revision(); }

// It has ended, and was deleted before this process saw how.
Snapshot Deleted(const Record& last) {
  auto gone = std::make_shared<Record>(last);
  v1::Generation& generation = *gone->mutable_generation();
  generation.set_state(v1::GENERATION_STATE_FAILED);
  generation.set_revision(generation.revision() + 1);
  *generation.mutable_error() = ToRpcStatus(NotFound(generation.name()));
  return gone;
}

}  // namespace

Watcher Mirrors::Watch(Snapshot seen) {
  const std::string name = seen->generation().name();
  std::shared_ptr<LiveGeneration> live;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& watched : Watched(entries_[name])) {
      if (!HasEnded(*watched->snapshot())) live = watched;
    }
  }
  if (live == nullptr) {
    live = std::make_shared<LiveGeneration>(loop_);
    live->RunElsewhere(TellOwner(name));
    live->Publish(std::move(seen));
    Add(name, live);
  } else if (RevisionOf(seen) > RevisionOf(live->snapshot())) {
    live->Publish(std::move(seen));
  }
  Watcher watcher(std::move(live));
  Read(name);  // it may have changed before it was watched
  return watcher;
}

void Mirrors::Adopt(const std::shared_ptr<LiveGeneration>& live) {
  const std::string name = live->snapshot()->generation().name();
  live->RunElsewhere(TellOwner(name));
  Add(name, live);
  Read(name);
}

std::function<void()> Mirrors::TellOwner(const std::string& name) {
  return [this, name] {
    if (stopped_) return;
    {
      const std::lock_guard lock(mutex_);
      ++at_work_;
    }
    asio::co_spawn(loop_, TellThatCallersLeft(name), asio::detached);
  };
}

awaitable<void> Mirrors::TellThatCallersLeft(std::string name) {
  const absl::Status told = co_await world_.replicas->Tell(name, Replicas::Wish::kLeave);
  if (!told.ok() && !absl::IsNotFound(told)) world_.on_fault(told);
  const std::lock_guard lock(mutex_);
  --at_work_;
  idle_.notify_all();
}

void Mirrors::Add(const std::string& name, const std::shared_ptr<LiveGeneration>& live) {
  const std::lock_guard lock(mutex_);
  entries_[name].mirrors.push_back(live);
}

Mirrors::Lives Mirrors::Watched(Entry& entry) {
  Lives watched;
  std::erase_if(entry.mirrors, [&watched](const std::weak_ptr<LiveGeneration>& mirror) {
    auto live = mirror.lock();
    if (live == nullptr) return true;
    watched.push_back(std::move(live));
    return false;
  });
  return watched;
}

void Mirrors::Changed(std::string_view name, std::int64_t revision) {
  bool newer = false;
  Lives watched;  // let go of without the lock
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) return;
    watched = Watched(entry->second);
    for (const auto& live : watched) newer = newer || RevisionOf(live->snapshot()) < revision;
  }
  if (newer) Read(std::string(name));
}

void Mirrors::LookAtAll() {
  std::vector<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : entries_) names.push_back(name);
  }
  for (const std::string& name : names) Read(name);
}

void Mirrors::Read(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(name);
    if (stopped_ || entry == entries_.end()) return;
    entry->second.again = true;
    if (std::exchange(entry->second.reading, true)) return;
    ++at_work_;
  }
  asio::co_spawn(loop_, ReadOn(name), asio::detached);
}

awaitable<void> Mirrors::ReadOn(std::string name) {
  while (!Finished(name)) {
    absl::StatusOr<Record> record = co_await world_.store.Get(name);
    if (record.ok()) {
      Show(name, std::make_shared<const Record>(*std::move(record)));
    } else if (absl::IsNotFound(record.status())) {
      Show(name, nullptr);
    }
    // Anything else passes, and then all are looked at.
  }
}

bool Mirrors::Finished(const std::string& name) {
  Lives watched;  // let go of without the lock
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(name);
  watched = Watched(entry->second);
  if (!stopped_ && !watched.empty() && std::exchange(entry->second.again, false)) return false;
  entry->second.reading = false;
  if (watched.empty()) entries_.erase(entry);
  --at_work_;
  idle_.notify_all();
  return true;
}

void Mirrors::Show(const std::string& name, Snapshot now) {
  Lives watched;
  {
    const std::lock_guard lock(mutex_);
    watched = Watched(entries_[name]);
  }
  for (const auto& live : watched) {
    const Snapshot before = live->snapshot();
    if (HasEnded(*before)) continue;
    if (now == nullptr) {
      live->Publish(Deleted(*before));
    } else if (RevisionOf(now) > RevisionOf(before)) {
      live->Publish(now);
    }
  }
}

bool Mirrors::AwaitIdle(absl::Duration patience) const {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, absl::ToChronoMilliseconds(patience), [this] { return at_work_ == 0; });
}

}  // namespace easel::generation
