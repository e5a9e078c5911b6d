#include "tests/simulation/call.h"

#include <optional>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "generation/error.h"
#include "generation/watcher.h"

namespace easel::simulation {

namespace asio = boost::asio;
using asio::awaitable;
using generation::Generations;
using generation::HasEnded;
using generation::Snapshot;
using generation::Watcher;

namespace {

bool ComesAgain(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable || status.code() == absl::StatusCode::kResourceExhausted ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

// Shows every state until the end, or until the call is interrupted.
awaitable<Snapshot> Follow(Call& call, Watcher& watcher, Promises& promises) {
  Snapshot now = watcher.current();
  std::int64_t seen = -1;
  promises.Told(*now, seen);
  int idle = 0;
  while (!HasEnded(*now) && !call.interrupted && !promises.broken()) {
    seen = now->generation().revision();
    now = co_await watcher.Next(seen, absl::InfiniteDuration());
    promises.Told(*now, seen);
    idle = now->generation().revision() == seen ? idle + 1 : 0;
    if (idle > 100) promises.Break(call.name, " is shown again and again, and nothing changes");
  }
  co_return now;
}

awaitable<void> Start(Call& call, Generations& generations, Promises& promises) {
  const bool known = promises.HasLasting(call.order.caller, call.order.request_id);
  absl::StatusOr<Watcher> watcher = co_await generations.Start(call.order);
  if (!watcher.ok()) {
    promises.Refused(call.order, watcher.status(), known && promises.HasLasting(call.order.caller, call.order.request_id));
    call.come_again = ComesAgain(watcher.status());
    co_return;
  }
  const Snapshot accepted = watcher->current();
  call.name = accepted->generation().name();
  promises.Accepted(call.order, *accepted);
  if (call.kind == Call::Kind::kStart) {
    promises.Told(*accepted, -1);
    co_return;
  }
  const Snapshot end = co_await Follow(call, *watcher, promises);
  if (!HasEnded(*end) && !call.shutdown) watcher->Leave(call.policy);
}

awaitable<void> Watch(Call& call, Generations& generations, Promises& promises) {
  absl::StatusOr<Watcher> watcher = co_await generations.Watch(call.order.caller, call.name);
  if (watcher.ok()) co_await Follow(call, *watcher, promises);
}

awaitable<void> Get(Call& call, Generations& generations, Promises& promises) {
  const absl::StatusOr<Snapshot> found = co_await generations.Get(call.order.caller, call.name);
  if (!found.ok()) co_return;
  promises.Told(**found, -1);
  generations.Show(**found);
}

awaitable<void> List(Call& call, Generations& generations, Promises& promises) {
  generation::ListQuery query;
  query.caller = call.order.caller;
  query.request_id = call.order.request_id;
  const auto found = co_await generations.List(std::move(query));
  if (!found.ok()) co_return;
  for (const Snapshot& snapshot : *found) promises.Told(*snapshot, -1);
}

awaitable<void> Cancel(Call& call, Generations& generations, Promises& promises) {
  const absl::StatusOr<Snapshot> cancelled = co_await generations.Cancel(call.order.caller, call.name, call.policy);
  if (!cancelled.ok()) co_return;
  promises.Told(**cancelled, -1);
  const v1::GenerationState state = (*cancelled)->generation().state();
  const bool must_end = call.policy == v1::CANCEL_POLICY_ABORT || state == v1::GENERATION_STATE_QUEUED;
  if (must_end && !HasEnded(state) && !call.interrupted) {
    promises.Break(call.name, " was cancelled, and the answer shows it as ", NameOfState(state));
  }
}

awaitable<void> Delete(Call& call, Generations& generations, Promises& promises) {
  promises.Deleting(call.name);
  co_await generations.Delete(call.order.caller, call.name);
}

awaitable<void> Read(Call& call, Generations& generations, Promises& promises) {
  const absl::StatusOr<Snapshot> found = co_await generations.Get(call.order.caller, call.name);
  if (!found.ok() || (*found)->generation().state() != v1::GENERATION_STATE_SUCCEEDED) co_return;
  const auto reader = co_await generations.OpenImage(*found);
  if (!reader.ok()) promises.Unreadable(call.name, reader.status());
}

awaitable<void> ServeKind(Call& call, Generations& generations, Promises& promises) {
  switch (call.kind) {
    case Call::Kind::kGenerate:
    case Call::Kind::kStart:
      return Start(call, generations, promises);
    case Call::Kind::kWatch:
      return Watch(call, generations, promises);
    case Call::Kind::kGet:
      return Get(call, generations, promises);
    case Call::Kind::kList:
      return List(call, generations, promises);
    case Call::Kind::kCancel:
      return Cancel(call, generations, promises);
    case Call::Kind::kDelete:
      return Delete(call, generations, promises);
    case Call::Kind::kRead:
      break;
  }
  return Read(call, generations, promises);
}

}  // namespace

awaitable<void> Serve(Call& call, Generations& generations, Promises& promises) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await ServeKind(call, generations, promises);
}

const char* NameOf(Call::Kind kind) {
  constexpr const char* kNames[] = {"Generate", "Start", "Watch", "Get", "List", "Cancel", "Delete", "Read"};
  return kNames[static_cast<int>(kind)];
}

}  // namespace easel::simulation
