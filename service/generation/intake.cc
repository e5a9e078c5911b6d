#include "generation/intake.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/strings/str_cat.h"
#include "generation/error.h"
#include "generation/first_turn.h"
#include "generation/ids.h"
#include "generation/same_order.h"
#include "generation/time.h"
#include "generation/wakeup.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr absl::Duration kImagesStayReady = absl::Milliseconds(100);

RunningGenerations::Request RequestOf(const Record& record) {
  return {record.caller(), record.generation().request_id()};
}

// Without a request_id of the caller's a repeat would be another order: nothing may invite to it.
absl::Status PerhapsRecorded(const Record& record, const Catalog& catalog) {
  const std::string& name = record.generation().name();
  Error error{.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN,
              .message = absl::StrCat("The records cannot be written or read at the moment. '", name, "' may have been "
                                      "recorded all the same, and is made then: ask for it by name before you send the "
                                      "request again, which has no request_id."),
              .metadata = {{"generation", name}}};
  DescribeCharge(catalog.Charge(record.generation().spec(), v1::CHARGE_STATE_UNKNOWN), error.metadata);
  return ToStatus(error);
}

}  // namespace

Record Intake::NewRecord(const Order& order) const {
  const absl::Time now = world_.clock.Now();
  Record record;
  v1::Generation& generation = *record.mutable_generation();
  generation.set_name(NewName(now, world_.random));
  generation.set_request_id(order.request_id);
  *generation.mutable_spec() = world_.catalog.Resolve(order.spec);
  *generation.mutable_create_time() = ToProto(now);
  record.set_caller(order.caller);
  *record.mutable_requested_spec() = order.spec;
  ApplyTerms(order, record);
  return record;
}

// What an order says besides the content; also how an uncharged failure starts again.
void Intake::ApplyTerms(const Order& order, Record& record) const {
  const absl::Time now = world_.clock.Now();
  const absl::Time patience = now + world_.pacing.submit_timeout;
  v1::Generation& generation = *record.mutable_generation();
  generation.set_state(v1::GENERATION_STATE_QUEUED);
  generation.set_revision(generation.revision() + 1);
  generation.clear_end_time();
  generation.clear_error();
  generation.clear_cancel_requested();
  generation.clear_content_filter();
  *generation.mutable_update_time() = ToProto(now);
  *generation.mutable_expire_time() = ToProto(now + world_.pacing.retention);
  *generation.mutable_charge() = world_.catalog.Charge(generation.spec(), v1::CHARGE_STATE_NONE);
  record.set_cancel_policy(order.cancel_policy);
  record.set_allow_resubmission(order.allow_resubmission);
  record.set_allow_fallback(order.allow_fallback);
  record.set_traceparent(order.traceparent);
  *record.mutable_retry_until() = ToProto(order.deadline.value_or(patience));
  *record.mutable_queue_until() = ToProto(std::max(order.deadline.value_or(patience), patience));
  record.clear_fetch_url();
}

awaitable<absl::Status> Intake::CheckImages() {
  absl::Status status = co_await world_.images.Check();
  images_ready_until_ = status.ok() ? absl::ToUnixNanos(world_.clock.Now() + kImagesStayReady) : 0;
  co_return status;
}

awaitable<absl::Status> Intake::ImagesReady() {
  if (absl::ToUnixNanos(world_.clock.Now()) < images_ready_until_) co_return absl::OkStatus();
  co_return co_await CheckImages();
}

awaitable<absl::StatusOr<Watcher>> Intake::Start(Order order) {
  // Between the reservation and the launch, an exception because the call has gone would lose the work.
  co_await asio::this_coro::throw_if_cancelled(false);
  if (const Snapshot known = world_.store.Remembered(order.caller, order.request_id)) {
    if (absl::Status same = CheckSameOrder(order.spec, *known); !same.ok()) co_return same;
    if (!MayStartAgain(*known)) co_return Watcher(known);
  }
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  const RunningGenerations::Request request{order.caller, order.request_id};
  while (true) {
    auto [live, entered] = running_.Enter(request, loop);
    if (entered) {
      absl::StatusOr<Watcher> accepted = co_await Accept(std::move(order), live);
      Settle(request, live, accepted);
      co_return accepted;
    }
    absl::StatusOr<Watcher> joined = co_await Join(live);
    // Aborted: who was before this order has no answer for it. Look again.
    if (absl::IsAborted(joined.status())) continue;
    if (!joined.ok()) co_return joined;
    const Snapshot snapshot = joined->current();
    if (absl::Status same = CheckSameOrder(order.spec, *snapshot); !same.ok()) co_return same;
    if (!HasEnded(*snapshot) && !RunsHere(*live)) co_return co_await FromStore(snapshot->generation().name());
    if (!HasEnded(*snapshot) || !MayStartAgain(*snapshot)) co_return joined;
    running_.Leave(request, live);  // it has just ended, and this order starts it again
  }
}

// Whoever waits for an order that was entered and does not run hears why.
void Intake::Settle(const RunningGenerations::Request& request, const std::shared_ptr<LiveGeneration>& live,
                    const absl::StatusOr<Watcher>& outcome) {
  if (live->snapshot() != nullptr) return;
  running_.Leave(request, live);
  // What was wrong with that very order, its spec or its deadline, says nothing about another one of the same id.
  const bool its_own =
      outcome.ok() || absl::IsAlreadyExists(outcome.status()) || absl::IsDeadlineExceeded(outcome.status());
  live->Refuse(its_own ? absl::AbortedError("look again") : outcome.status());
}

awaitable<absl::StatusOr<Watcher>> Intake::Accept(Order order, std::shared_ptr<LiveGeneration> live) {
  Record record = NewRecord(order);
  absl::Status images = co_await ImagesReady();
  absl::StatusOr<Standing> admitted =
      images.ok() ? Admit(order, record.generation().spec()) : absl::StatusOr<Standing>(std::move(images));
  if (!admitted.ok()) co_return co_await AcceptRefused(std::move(order), std::move(live), admitted.status());
  Standing standing = TakeFirstTurn(world_, record, std::move(admitted->place));
  standing.pass = std::move(admitted->pass);
  const auto snapshot = std::make_shared<const Record>(std::move(record));
  absl::Status refusal;
  absl::StatusOr<Reservation> reserved = co_await Reserve(snapshot, order.repeatable, standing.pass, refusal);
  if (!refusal.ok()) {
    standing = {};
    co_return co_await AcceptRefused(std::move(order), std::move(live), std::move(refusal));
  }
  if (!reserved.ok()) co_return reserved.status();
  if (!reserved->inserted) {
    standing.turn.reset();
    co_return co_await Existing(std::move(order), std::move(reserved->record), std::move(live),
                                std::move(standing));
  }
  Launch(live, snapshot, std::move(standing), Origin::kAccepted);
  co_return Watcher(std::move(live));
}

// There is no room for new work; but an id that is known is never refused.
awaitable<absl::StatusOr<Watcher>> Intake::AcceptRefused(Order order, std::shared_ptr<LiveGeneration> live,
                                                         absl::Status refusal) {
  absl::StatusOr<Record> known = co_await world_.store.Find(order.caller, order.request_id);
  if (!known.ok()) co_return absl::IsNotFound(known.status()) ? refusal : known.status();
  if (absl::Status same = CheckSameOrder(order.spec, *known); !same.ok()) co_return same;
  // Once the service shuts down, a failure is told again instead of starting again.
  if (MayStartAgain(*known) && !taking_) co_return Watcher(std::make_shared<const Record>(*std::move(known)));
  Standing none;
  co_return co_await Existing(std::move(order), *std::move(known), std::move(live), std::move(none));
}

awaitable<absl::StatusOr<Reservation>> Intake::Reserve(Snapshot record, bool repeatable, CallerLimits::Pass& pass,
                                                       absl::Status& refusal) {
  absl::StatusOr<Reservation> reserved = co_await ReserveWithinLimits(record, pass, refusal);
  if (reserved.ok() || !refusal.ok()) co_return reserved;
  world_.on_fault(reserved.status());
  // What was reported as failed may have reached the store all the same.
  absl::StatusOr<Record> kept = co_await world_.store.Find(record->caller(), record->generation().request_id());
  if (absl::IsNotFound(kept.status())) co_return reserved.status();
  if (!kept.ok()) unsent_.Add(record->generation().name());
  if (!kept.ok() && repeatable) co_return reserved.status();
  if (!kept.ok()) co_return PerhapsRecorded(*record, world_.catalog);
  const bool inserted = kept->generation().name() == record->generation().name();
  co_return Reservation{.inserted = inserted, .record = *std::move(kept)};
}

// The id is taken, by a generation that this process does not run.
awaitable<absl::StatusOr<Watcher>> Intake::Existing(Order order, Record record, std::shared_ptr<LiveGeneration> live,
                                                    Standing standing) {
  if (absl::Status same = CheckSameOrder(order.spec, record); !same.ok()) co_return same;
  if (!HasEnded(record)) co_return CarryOn(std::move(record), std::move(live));
  if (!MayStartAgain(record)) co_return Watcher(std::make_shared<const Record>(std::move(record)));
  ApplyTerms(order, record);
  const auto snapshot = std::make_shared<const Record>(std::move(record));
  if (absl::Status updated = co_await world_.store.Update(snapshot, Durability::kMachine); !updated.ok()) {
    if (absl::IsNotFound(updated)) {  // it was removed just now, so the id is free
      standing = {};
      co_return co_await Accept(std::move(order), std::move(live));
    }
    if (absl::IsAborted(updated) && world_.replicas != nullptr) {  // another process was quicker
      absl::StatusOr<Record> now = co_await world_.store.Get(snapshot->generation().name());
      if (now.ok()) co_return co_await Existing(std::move(order), *std::move(now), std::move(live), std::move(standing));
    }
    world_.on_fault(updated);
    co_return updated;
  }
  Launch(live, snapshot, std::move(standing), Origin::kAccepted);
  co_return Watcher(std::move(live));
}

awaitable<absl::StatusOr<Watcher>> Intake::Hold(Record record) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  const RunningGenerations::Request request = RequestOf(record);
  while (true) {
    auto [live, entered] = running_.Enter(request, loop);
    if (entered) {
      // Nobody runs it from here on, so what the store says now stays true.
      absl::StatusOr<Record> now = co_await world_.store.Get(record.generation().name());
      if (!now.ok()) {
        Settle(request, live, now.status());
        co_return now.status();
      }
      absl::StatusOr<Watcher> held = CarryOn(*std::move(now), live);
      Settle(request, live, held);
      co_return held;
    }
    absl::StatusOr<Watcher> joined = co_await Join(live);
    if (!absl::IsAborted(joined.status())) co_return joined;
  }
}

Watcher Intake::CarryOn(Record record, std::shared_ptr<LiveGeneration> live, bool ours) {
  if (HasEnded(record)) return Watcher(std::make_shared<const Record>(std::move(record)));
  if (world_.replicas != nullptr && !ours) return mirrors_.Watch(std::make_shared<const Record>(std::move(record)));
  if (!taking_) return Watcher(std::make_shared<const Record>(std::move(record)));
  const Origin origin = unsent_.Take(record.generation().name()) ? Origin::kUnsent : Origin::kResumed;
  Launch(live, std::make_shared<const Record>(std::move(record)), {}, origin);
  return Watcher(std::move(live));
}

// The id is taken by a running generation, or by an order that is being accepted right now.
awaitable<absl::StatusOr<Watcher>> Intake::Join(std::shared_ptr<LiveGeneration> live) {
  const auto wakeup = std::make_shared<Wakeup>(co_await asio::this_coro::executor);
  const LiveGeneration::Waiting waiting(*live, wakeup);
  while (live->snapshot() == nullptr && live->refusal().ok()) co_await wakeup->Wait(absl::InfiniteDuration());
  if (live->snapshot() == nullptr) co_return live->refusal();
  co_return Watcher(live);
}

void Intake::Launch(std::shared_ptr<LiveGeneration> live, Snapshot snapshot, Standing standing, Origin origin) {
  CountFor(*snapshot, *live, std::exchange(standing.pass, {}));
  if (world_.replicas != nullptr) live->SetLease(standing.lease != 0 ? standing.lease : world_.replicas->lease());
  live->Publish(snapshot);
  running_.EnterName(snapshot->generation().name(), live);
  world_.metrics.StateChanged(v1::GENERATION_STATE_UNSPECIFIED, snapshot->generation().state());
  // Everything that touches the generation's signal happens on its loop, and the coroutine takes its first step there
  // before any interruption can. The signal is part of the generation, and the coroutine's last steps still look at it.
  asio::dispatch(live->loop(), [this, live, standing = std::move(standing), origin]() mutable {
    auto done = asio::bind_cancellation_slot(live->interruption(), [live](std::exception_ptr) {});
    asio::co_spawn(live->loop(), Live(live, std::move(standing), origin), std::move(done));
  });
}

awaitable<void> Intake::Live(std::shared_ptr<LiveGeneration> live, Standing standing, Origin origin) {
  co_await RunLifecycle(world_, live, std::move(standing), origin);
  running_.Leave(RequestOf(*live->snapshot()), live);
  if (HasEnded(*live->snapshot()) || world_.replicas == nullptr) co_return;
  world_.metrics.StateChanged(live->snapshot()->generation().state(), v1::GENERATION_STATE_UNSPECIFIED);
  mirrors_.Adopt(live);
}

}  // namespace easel::generation
