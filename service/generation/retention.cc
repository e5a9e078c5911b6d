#include "generation/retention.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "generation/image_holds.h"
#include "generation/time.h"
#include "generation/together.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// Written and removed at the same time, so that they share the store's commits: a sweep must be quicker than what comes.
constexpr int kRecordsAtOnce = 32;
constexpr int kDigestsAtOnce = 256;
constexpr absl::Duration kAfterAFault = absl::Seconds(10);

// Somebody else removed it, or started it again.
bool WasChanged(const absl::Status& status) { return absl::IsNotFound(status) || absl::IsAborted(status); }

DueQuery DueBy(DueQuery::By by, absl::Time until) {
  DueQuery query;
  query.by = by;
  query.until = until;
  query.limit = kRecordsAtOnce;
  return query;
}

}  // namespace

void Retention::Start(asio::any_io_executor loop) {
  loop_ = loop;
  running_ = true;
  asio::dispatch(loop, [this, loop] {
    auto done = asio::bind_cancellation_slot(wake_up_.slot(), [this](std::exception_ptr) {
      const std::lock_guard lock(mutex_);
      running_ = false;
      stopped_.notify_all();
    });
    asio::co_spawn(loop, Run(), std::move(done));
  });
}

void Retention::Stop() {
  stopping_ = true;
  if (loop_) asio::post(loop_, [this] { wake_up_.emit(asio::cancellation_type::terminal); });
}

bool Retention::AwaitStopped(absl::Duration patience) const {
  std::unique_lock lock(mutex_);
  return stopped_.wait_for(lock, absl::ToChronoMilliseconds(patience), [this] { return !running_; });
}

awaitable<void> Retention::Run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!stopping_) {
    const absl::Status swept = co_await Sweep();
    if (!swept.ok()) world_.on_fault(swept);
    if (stopping_) co_return;
    co_await world_.clock.Sleep(swept.ok() ? Interval() : std::max(Interval(), kAfterAFault));
  }
}

absl::Duration Retention::Interval() const {
  const absl::Duration shortest = std::min(world_.pacing.retention, world_.pacing.request_id_retention);
  const absl::Duration interval = std::clamp(shortest / 10, absl::Milliseconds(100), absl::Minutes(1));
  return world_.max_kept_bytes > 0 ? std::min(interval, absl::Seconds(1)) : interval;
}

// A step that fails does not keep the others from their work.
awaitable<absl::Status> Retention::Sweep() {
  absl::Status first;
  for (const auto step : {&Retention::RemoveRecords, &Retention::ExpireImages, &Retention::MakeRoom,
                          &Retention::RemoveDoubtful, &Retention::RemoveForgotten}) {
    if (stopping_) break;
    // Of several processes the first does it for all; each minds what itself left.
    const bool first_of_all = world_.replicas == nullptr || world_.replicas->standing().rank == 0;
    if (!first_of_all && step != &Retention::RemoveDoubtful) continue;
    const absl::Status done = co_await (this->*step)();
    first.Update(done);
  }
  co_return first;
}

awaitable<absl::StatusOr<std::vector<Record>>> Retention::Next(DueQuery& query) {
  if (stopping_) co_return std::vector<Record>();
  absl::StatusOr<std::vector<Record>> due = co_await world_.store.ListDue(query);
  if (due.ok() && !due->empty()) {
    query.after_time = DueTime(due->back(), query.by);
    query.after_name = due->back().generation().name();
  }
  co_return due;
}

bool Retention::IsRead(const Record& record) const {
  return HasKeptImage(record) && world_.holds->InUse(record.generation().image().sha256());
}

awaitable<absl::Status> Retention::RemoveRecords() {
  DueQuery query = DueBy(DueQuery::By::kRemoveTime, world_.clock.Now());
  while (true) {
    absl::StatusOr<std::vector<Record>> due = co_await Next(query);
    if (!due.ok() || due->empty()) co_return due.status();
    std::vector<awaitable<absl::Status>> removals;
    for (Record& record : *due) {
      if (!IsRead(record)) removals.push_back(RemoveRecord(std::move(record)));
    }
    if (absl::Status removed = co_await Together(std::move(removals)); !removed.ok()) co_return removed;
  }
}

awaitable<absl::Status> Retention::RemoveRecord(Record record) {
  const v1::Generation& generation = record.generation();
  const absl::Status removed = co_await world_.store.Remove(generation.name(), generation.revision());
  if (WasChanged(removed)) co_return absl::OkStatus();
  if (!HasKeptImage(record)) co_return removed;
  if (removed.ok()) co_return co_await RemoveImage(generation.image().sha256());
  world_.holds->Doubt(generation.image().sha256());  // what was reported as failed may have been done all the same
  co_return removed;
}

awaitable<absl::Status> Retention::ExpireImages() {
  DueQuery query = DueBy(DueQuery::By::kExpireTime, world_.clock.Now());
  while (true) {
    absl::StatusOr<std::vector<Record>> due = co_await Next(query);
    if (!due.ok() || due->empty()) co_return due.status();
    std::vector<awaitable<absl::Status>> ends;
    for (Record& record : *due) {
      if (!IsRead(record)) ends.push_back(Expire(std::move(record)));
    }
    if (absl::Status expired = co_await Together(std::move(ends)); !expired.ok()) co_return expired;
  }
}

// The record stays, and says that its image is gone.
awaitable<absl::Status> Retention::Expire(Record record) {
  const std::string digest = record.generation().image().sha256();
  v1::Generation& generation = *record.mutable_generation();
  generation.set_revision(generation.revision() + 1);
  *generation.mutable_update_time() = ToProto(world_.clock.Now());
  *generation.mutable_image()->mutable_remove_time() = generation.update_time();
  const absl::Status updated = co_await world_.store.Update(std::move(record));
  if (WasChanged(updated)) co_return absl::OkStatus();
  if (updated.ok()) co_return co_await RemoveImage(digest);
  world_.holds->Doubt(digest);
  co_return updated;
}

awaitable<absl::Status> Retention::MakeRoom() {
  // Only what was recorded since can have made it too much.
  const std::uint64_t releases = world_.holds->releases();
  const bool alone = world_.replicas == nullptr || world_.replicas->standing().count == 1;
  if (world_.max_kept_bytes <= 0 || (alone && releases == releases_when_it_fitted_)) co_return absl::OkStatus();
  DueQuery query = DueBy(DueQuery::By::kExpireTime, absl::InfiniteFuture());
  while (true) {
    const absl::StatusOr<std::int64_t> kept = co_await world_.store.KeptBytes();
    if (!kept.ok()) co_return kept.status();
    std::int64_t excess = *kept - world_.max_kept_bytes;
    if (excess <= 0) {
      releases_when_it_fitted_ = releases;
      co_return absl::OkStatus();
    }
    absl::StatusOr<std::vector<Record>> first = co_await Next(query);
    if (!first.ok() || first->empty()) co_return first.status();
    // Shared bytes are counted here as if each record had its own: never too much goes, and the rest in the next round.
    std::vector<awaitable<absl::Status>> ends;
    for (Record& record : *first) {
      if (excess <= 0) break;
      query.after_time = DueTime(record, query.by);
      query.after_name = record.generation().name();
      if (IsRead(record)) continue;
      excess -= record.generation().image().size_bytes();
      ends.push_back(Expire(std::move(record)));
    }
    if (absl::Status expired = co_await Together(std::move(ends)); !expired.ok()) co_return expired;
  }
}

awaitable<absl::Status> Retention::RemoveDoubtful() {
  absl::Status first;
  for (std::string& digest : world_.holds->TakeDoubtful()) {
    const absl::Status removed = co_await RemoveImage(std::move(digest));
    first.Update(removed);
  }
  co_return first;
}

// What a crash left: bytes whose record was removed, or was never written.
awaitable<absl::Status> Retention::RemoveForgotten() {
  while (!looked_for_forgotten_ && !stopping_) {
    const absl::StatusOr<std::vector<std::string>> kept = co_await world_.images.List(looked_up_to_, kDigestsAtOnce);
    if (!kept.ok()) co_return kept.status();
    absl::StatusOr<std::vector<std::string>> unused = co_await world_.store.Unused(*kept);
    if (!unused.ok()) co_return unused.status();
    for (std::string& digest : *unused) {
      if (absl::Status removed = co_await RemoveImage(std::move(digest)); !removed.ok()) co_return removed;
    }
    looked_for_forgotten_ = kept->empty();
    if (!kept->empty()) looked_up_to_ = kept->back();
  }
  co_return absl::OkStatus();
}

// With replicas, where it is free it is claimed in the store as well, for as long as this process's lease lasts.
awaitable<absl::StatusOr<bool>> Retention::IsFree(const std::string& digest) {
  if (world_.replicas != nullptr) co_return co_await world_.replicas->ClaimImage(digest);
  std::vector<std::string> asked = {digest};
  const absl::StatusOr<std::vector<std::string>> unused = co_await world_.store.Unused(std::move(asked));
  if (!unused.ok()) co_return unused.status();
  co_return !unused->empty();
}

awaitable<absl::Status> Retention::RemoveBytes(const std::string& digest, std::uint64_t lease) {
  if (world_.replicas == nullptr) co_return co_await world_.images.Remove(digest);
  if (lease == 0 || world_.replicas->lease() != lease) {
    co_return absl::UnavailableError("an image cannot be removed while this process has no lease in the database");
  }
  const absl::Status removed = co_await world_.images.Remove(digest);
  const absl::Status forgotten = co_await world_.replicas->ForgetImage(digest);
  co_return removed.ok() ? forgotten : removed;
}

// While it is claimed nobody can come to refer to it: who keeps an image holds it until the record says so.
awaitable<absl::Status> Retention::RemoveImage(std::string digest) {
  const auto claim = world_.holds->Claim(digest);
  if (!claim) {
    world_.holds->Doubt(std::move(digest));
    co_return absl::OkStatus();
  }
  const std::uint64_t lease = world_.replicas == nullptr ? 0 : world_.replicas->lease();
  const absl::StatusOr<bool> free = co_await IsFree(digest);
  if (free.ok() && !*free) co_return absl::OkStatus();
  absl::Status removed = free.status();
  if (removed.ok()) removed = co_await RemoveBytes(digest, lease);
  if (!removed.ok()) world_.holds->Doubt(std::move(digest));
  co_return removed;
}

}  // namespace easel::generation
