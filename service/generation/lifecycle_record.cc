#include <algorithm>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "generation/attempts.h"
#include "generation/lifecycle_steps.h"
#include "generation/time.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// Time for the network to come back after a restart, before something paid for is given up; and for what nobody ran for a
// while.
constexpr absl::Duration kGraceAfterRestart = absl::Minutes(1);

}  // namespace

awaitable<void> Lifecycle::Record(v1::GenerationState state) {
  place_ = {};  // nobody is kept waiting for it by a store that cannot write
  const v1::GenerationState from = this->state();
  v1::Generation& generation = this->generation();
  generation.set_state(state);
  generation.set_revision(generation.revision() + 1);
  generation.set_cancel_requested(live_->cancel_marked());
  *generation.mutable_update_time() = ToProto(Now());
  if (HasEnded(state)) {
    *generation.mutable_end_time() = generation.update_time();
    *generation.mutable_expire_time() = ToProto(Now() + world_.pacing.retention);
    *record_.mutable_remove_time() =
        ToProto(Now() + std::max(world_.pacing.retention, world_.pacing.request_id_retention));
  }
  const auto snapshot = std::make_shared<const ::easel::generation::Record>(record_);
  for (int round = 0;; ++round) {
    const absl::Status recorded = co_await Commit(snapshot);
    // An end whose commit was reported as failed was recorded all the same, and has been removed since.
    if (recorded.ok() || (round > 0 && HasEnded(state) && absl::IsNotFound(recorded))) break;
    const bool taken_over = absl::IsFailedPrecondition(recorded);
    if (!taken_over) world_.on_fault(recorded);
    const bool hopeless = taken_over || absl::IsAborted(recorded) || absl::IsNotFound(recorded) || absl::IsDataLoss(recorded);
    if (hopeless || live_->wish() == LiveGeneration::Wish::kSuspend) {
      gone_ = true;
      co_return;
    }
    // An abort that is already known must not turn the pauses into none.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    co_await Wait(Backoff(round));
  }
  // Counted and logged before it is told: whoever knows of an end finds it in the metrics. Who then deletes it finds nobody
  // holding its bytes.
  world_.metrics.StateChanged(from, state);
  if (HasEnded(state)) {
    CountEnd();
    held_.reset();
  }
  live_->Publish(snapshot);
}

awaitable<absl::Status> Lifecycle::Commit(Snapshot snapshot) {
  // A task can be asked again where its image is; what a sync endpoint answered stands nowhere else.
  const bool known_upstream = state() == v1::GENERATION_STATE_FETCHING && !CurrentAttempt(generation()).task_id().empty();
  const absl::Status updated =
      co_await world_.store.Update(snapshot, known_upstream ? Durability::kProcess : Durability::kMachine);
  if (!absl::IsAborted(updated)) co_return updated;
  // A change whose commit was reported as failed may have reached the store all the same.
  const absl::StatusOr<::easel::generation::Record> kept = co_await world_.store.Get(record_.generation().name());
  if (!kept.ok()) co_return kept.status();
  co_return kept->SerializeAsString() == record_.SerializeAsString() ? absl::OkStatus() : updated;
}

awaitable<void> Lifecycle::HoldImage(const std::string& digest) {
  if (world_.replicas == nullptr) co_return;
  for (int round = 0; !Interrupted(); ++round) {
    const absl::Status held = co_await world_.replicas->HoldImage(record_.generation().name(), digest);
    if (held.ok()) co_return;
    co_await Wait(Backoff(round));
  }
}

awaitable<void> Lifecycle::Wait(absl::Duration duration) {
  const absl::Time began = Now();
  co_await world_.clock.Sleep(duration);
  waited_ += Now() - began;
}

void Lifecycle::CountEnd() const {
  const v1::Generation& ended = record_.generation();
  const bool resumed = origin_ == Origin::kResumed;
  const absl::Duration duration = Now() - (resumed ? FromProto(ended.create_time()) : began_);
  world_.metrics.GenerationEnded({.model = ended.spec().model(),
                                  .quality = ended.spec().quality(),
                                  .state = ended.state(),
                                  .duration = duration,
                                  .overhead = resumed ? std::nullopt : std::optional(duration - waited_),
                                  .generation = &ended,
                                  .caller = record_.caller()});
  world_.on_end(record_);
}

absl::Duration Lifecycle::Backoff(int round) const {
  return Jittered(Doubled(world_.pacing.retry_first, round, world_.pacing.retry_last), world_.random());
}

absl::Time Lifecycle::Limit(const google::protobuf::Timestamp& recorded) const {
  const absl::Time limit = FromProto(recorded);
  return origin_ == Origin::kAccepted ? limit : std::max(limit, began_ + kGraceAfterRestart);
}

}  // namespace easel::generation
