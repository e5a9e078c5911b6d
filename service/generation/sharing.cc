#include "generation/sharing.h"

#include <exception>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "generation/live_generation.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// So few that those who hear of it together divide what is free among them.
constexpr int kAtOnce = 20;

}  // namespace

awaitable<absl::Status> Sharing::Start(asio::any_io_executor loop) {
  auto wakeup = std::make_shared<Wakeup>(loop);
  wakeup_ = wakeup;
  absl::Status looked = co_await Look();
  if (!looked.ok()) co_return looked;
  running_now_ = true;
  asio::co_spawn(loop, Run(std::move(wakeup)), [this](std::exception_ptr) {
    const std::lock_guard lock(mutex_);
    running_now_ = false;
    stopped_.notify_all();
  });
  world_.replicas->Listen(this);
  co_return looked;
}

void Sharing::StopTaking() {
  taking_ = false;
  WakeUp();
}

void Sharing::HandOn() {
  if (!TakesWork()) WakeUp();
}

void Sharing::Stop() {
  world_.replicas->Listen(nullptr);
  stopping_ = true;
  WakeUp();
}

bool Sharing::AwaitStopped(absl::Duration patience) const {
  std::unique_lock lock(mutex_);
  return stopped_.wait_for(lock, absl::ToChronoMilliseconds(patience), [this] { return !running_now_; });
}

void Sharing::Changed(std::string_view name, std::int64_t revision) { mirrors_.Changed(name, revision); }

void Sharing::Wished(std::string_view name, Replicas::Wish wish) {
  if (const auto live = running_.Find(name); live != nullptr) Do(*live, wish);
}

void Sharing::Reconnected() { Pulse(); }

void Sharing::Pulse() {
  mirrors_.LookAtAll();
  WakeUp();
}

void Sharing::NotRenewed(const absl::Status& why) { world_.on_fault(why); }

void Sharing::WakeUp() {
  if (const auto wakeup = wakeup_.lock()) wakeup->Notify();
}

void Sharing::Do(LiveGeneration& live, Replicas::Wish wish) {
  switch (wish) {
    case Replicas::Wish::kNone:
      return;
    case Replicas::Wish::kMark:
      return live.Cancel(v1::CANCEL_POLICY_FINISH_AND_KEEP);
    case Replicas::Wish::kAbort:
      return live.Cancel(v1::CANCEL_POLICY_ABORT);
    case Replicas::Wish::kLeave:
      live.Attach();
      return live.Detach(v1::CANCEL_POLICY_ABORT);
  }
}

awaitable<void> Sharing::Run(std::shared_ptr<Wakeup> wakeup) {
  while (!stopping_) {
    co_await wakeup->Wait(absl::InfiniteDuration());
    if (stopping_) co_return;
    const absl::Status looked = co_await Look();
    if (!looked.ok()) world_.on_fault(looked);
  }
}

awaitable<absl::Status> Sharing::Look() {
  TakeShare();
  absl::StatusOr<std::vector<Record>> taken = co_await TakeOver();
  absl::Status done = taken.status();
  Admission::Place all;
  if (taken.ok() && !taken->empty()) {
    // Nothing leaves the queue before its order and everybody's wishes are known.
    all = world_.admission.Expect();
    intake_.Resume(*std::move(taken));
  }
  if (!TakesWork() && standing_.count > 1) done.Update(co_await LetGo());
  done.Update(co_await CompareOwned());
  co_return done;
}

void Sharing::TakeShare() {
  const Replicas::Standing now = world_.replicas->standing();
  if (now == standing_) return;
  standing_ = now;
  world_.admission.Share(now.rank, now.count);
}

awaitable<absl::StatusOr<std::vector<Record>>> Sharing::TakeOver() {
  std::vector<Record> all;
  while (TakesWork() && !stopping_) {
    absl::StatusOr<std::vector<Record>> some = co_await world_.replicas->TakeOver(kAtOnce);
    if (!some.ok()) co_return some.status();
    if (some->empty()) break;
    for (Record& record : *some) all.push_back(std::move(record));
  }
  co_return all;
}

awaitable<absl::Status> Sharing::LetGo() {
  const absl::StatusOr<Replicas::CountByModel> waiting = co_await world_.replicas->LetGoOfQueued();
  if (waiting.ok()) world_.admission.CountElsewhere(*waiting);
  co_return waiting.status();
}

// What is found here and not there was taken over, or has ended meanwhile, which suspending does not change; what is found
// there and not here was left by a store that reported a failure, or could not be resumed when it was taken over.
awaitable<absl::Status> Sharing::CompareOwned() {
  const std::vector<std::shared_ptr<LiveGeneration>> before = running_.All();
  const absl::StatusOr<std::vector<Replicas::Owned>> owned = co_await world_.replicas->ListOwned();
  if (!owned.ok()) co_return owned.status();
  std::set<std::string_view> names;
  for (const Replicas::Owned& one : *owned) names.insert(one.name);
  for (const auto& live : before) {
    const Snapshot snapshot = live->snapshot();
    if (!HasEnded(*snapshot) && !names.contains(snapshot->generation().name())) live->Suspend();
  }
  for (const Replicas::Owned& one : *owned) {
    if (stopping_) break;
    if (running_.Find(one.name) == nullptr) {
      if (!taking_) continue;
      const absl::Status adopted = co_await intake_.Adopt(one.name);
      if (!adopted.ok()) co_return adopted;
    }
    if (const auto live = running_.Find(one.name); live != nullptr) Do(*live, one.wish);
  }
  co_return absl::OkStatus();
}

}  // namespace easel::generation
