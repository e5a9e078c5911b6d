#include "generation/generations.h"

#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "generation/error.h"
#include "generation/ids.h"
#include "generation/image_holds.h"
#include "generation/intake.h"
#include "generation/kept_image.h"
#include "generation/live_generation.h"
#include "generation/mirrors.h"
#include "generation/progress.h"
#include "generation/retention.h"
#include "generation/running_generations.h"
#include "generation/sharing.h"
#include "generation/time.h"
#include "generation/validation.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// So often a generation is looked at again that others change while it is to be deleted.
constexpr int kDeleteRounds = 10;

absl::Status StillRunning(const v1::Generation& generation) {
  const std::string& name = generation.name();
  Error error{.reason = v1::ERROR_REASON_GENERATION_NOT_ENDED,
              .message = absl::StrCat("'", name, "' is still running; cancel it first, or wait for its end."),
              .metadata = {{"generation", name}}};
  DescribeCharge(generation.charge(), error.metadata);
  return ToStatus(error);
}

Snapshot CancelRequested(const Record& record) {
  auto marked = std::make_shared<Record>(record);
  marked->mutable_generation()->set_cancel_requested(true);
  return marked;
}

// Made by generation/error.h; a store's own words are for the operator.
bool IsDescribed(const absl::Status& status) {
  bool described = false;
  status.ForEachPayload([&described](absl::string_view, const absl::Cord&) { described = true; });
  return described;
}

// Where an order is refused nothing was sent for it, unless the error says otherwise of the generation that it names.
absl::Status SayingThatNothingWasCharged(const absl::Status& refusal) {
  google::rpc::Status rpc = ToRpcStatus(refusal);
  for (auto& detail : *rpc.mutable_details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    info.mutable_metadata()->insert({"charge_state", "NONE"});
    info.mutable_metadata()->insert({"cost_micros", "0"});
    detail.PackFrom(info);
  }
  return FromRpcStatus(rpc);
}

}  // namespace

struct Generations::Shared {
  Shared(World world_, std::vector<asio::any_io_executor> loops)
      : world(std::move(world_)), loop(loops.front()), running(std::move(loops)), mirrors(world, loop),
        intake(world, running, mirrors), retention(world) {
    if (world.replicas != nullptr) sharing = std::make_unique<Sharing>(world, running, intake, mirrors);
  }

  const World world;
  const asio::any_io_executor loop;  // for what belongs to no generation
  RunningGenerations running;
  Mirrors mirrors;
  Intake intake;
  std::unique_ptr<Sharing> sharing;  // where there are replicas
  Retention retention;
};

Generations::Generations(World world, std::vector<asio::any_io_executor> loops)
    : shared_(std::make_unique<Shared>(std::move(world), std::move(loops))) {}

Generations::~Generations() = default;

awaitable<absl::StatusOr<Watcher>> Generations::Start(Order order) {
  std::vector<Violation> violations = Validate(order.spec, shared_->world.catalog);
  for (Violation& violation : ValidateRequestId(order.request_id)) violations.push_back(std::move(violation));
  if (!violations.empty()) co_return InvalidRequest(std::move(violations));
  order.repeatable = !order.request_id.empty();
  if (!order.repeatable) order.request_id = NewId(shared_->world.clock.Now(), shared_->world.random);
  absl::StatusOr<Watcher> started = co_await shared_->intake.Start(std::move(order));
  if (started.ok() && shared_->sharing != nullptr) shared_->sharing->HandOn();
  if (started.ok()) co_return started;
  if (!IsDescribed(started.status())) shared_->world.on_fault(started.status());
  co_return SayingThatNothingWasCharged(started.status());
}

awaitable<absl::StatusOr<Watcher>> Generations::Watch(std::string caller, std::string name) {
  auto live = shared_->running.Find(name);
  if (live != nullptr && live->snapshot()->caller() == caller && shared_->intake.RunsHere(*live)) {
    co_return Watcher(std::move(live));
  }
  absl::StatusOr<Snapshot> found = co_await Get(std::move(caller), std::move(name));
  if (!found.ok()) co_return found.status();
  if (HasEnded(**found)) co_return Watcher(*std::move(found));
  if (shared_->world.replicas != nullptr) co_return shared_->mirrors.Watch(*std::move(found));
  co_return co_await shared_->intake.Hold(**found);
}

awaitable<absl::StatusOr<Snapshot>> Generations::Get(std::string caller, std::string name) {
  absl::StatusOr<Snapshot> found = co_await Find(name);
  if (found.ok() && (*found)->caller() != caller) co_return NotFound(name);
  co_return found;
}

awaitable<absl::StatusOr<Snapshot>> Generations::Find(std::string name) {
  const auto live = shared_->running.Find(name);
  if (live != nullptr && shared_->intake.RunsHere(*live)) co_return live->snapshot();
  if (Snapshot remembered = shared_->world.store.Remembered(name)) co_return remembered;
  absl::StatusOr<Record> record = co_await shared_->world.store.Get(name);
  if (absl::IsNotFound(record.status())) co_return NotFound(name);
  if (!record.ok()) {
    shared_->world.on_fault(record.status());
    co_return record.status();
  }
  co_return std::make_shared<const Record>(*std::move(record));
}

awaitable<absl::StatusOr<std::vector<Snapshot>>> Generations::List(ListQuery query) {
  absl::StatusOr<std::vector<Record>> records = co_await shared_->world.store.List(std::move(query));
  if (!records.ok()) {
    shared_->world.on_fault(records.status());
    co_return records.status();
  }
  std::vector<Snapshot> snapshots;
  snapshots.reserve(records->size());
  for (Record& record : *records) snapshots.push_back(std::make_shared<const Record>(std::move(record)));
  co_return snapshots;
}

awaitable<absl::StatusOr<Snapshot>> Generations::Cancel(std::string caller, std::string name, v1::CancelPolicy policy) {
  absl::StatusOr<Watcher> watcher = co_await Watch(caller, name);
  if (!watcher.ok()) co_return watcher.status();
  auto live = shared_->running.Find(name);
  if (live != nullptr && !shared_->intake.RunsHere(*live)) live = nullptr;
  if (live == nullptr && !HasEnded(*watcher->current()) && shared_->world.replicas != nullptr) {
    co_return co_await CancelElsewhere(*std::move(watcher), policy);
  }
  if (live == nullptr && !HasEnded(*watcher->current())) {
    co_return ToStatus({.reason = v1::ERROR_REASON_SHUTTING_DOWN,
                        .message = absl::StrCat("The service is shutting down and '", name,
                                                "' is left to the next instance: cancel it there."),
                        .metadata = {{"generation", name}},
                        .retry_after = absl::Seconds(1)});
  }
  if (live == nullptr) co_return watcher->current();
  live->Cancel(policy);
  Snapshot now = watcher->current();
  const auto stopping = [&] { return live->wish() == LiveGeneration::Wish::kAbort && shared_->running.Find(name) == live; };
  while (!HasEnded(*now) && stopping()) {
    now = co_await watcher->Next(now->generation().revision(), absl::Seconds(10));
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) break;
  }
  if (HasEnded(*now)) co_return now;
  auto marked = std::make_shared<Record>(*now);
  marked->mutable_generation()->set_cancel_requested(true);
  co_return marked;
}

// It may change hands meanwhile: the wish is kept with the generation, for whoever has it.
awaitable<absl::StatusOr<Snapshot>> Generations::CancelElsewhere(Watcher watcher, v1::CancelPolicy policy) {
  const World& world = shared_->world;
  Snapshot now = watcher.current();
  const std::string name = now->generation().name();
  const bool abort = policy == v1::CANCEL_POLICY_ABORT;
  const absl::Status told =
      co_await world.replicas->Tell(name, abort ? Replicas::Wish::kAbort : Replicas::Wish::kMark);
  if (absl::IsNotFound(told)) co_return co_await Find(name);
  if (!told.ok()) {
    world.on_fault(told);
    co_return told;
  }
  const auto stopping = [&] { return abort || now->generation().state() == v1::GENERATION_STATE_QUEUED; };
  while (!HasEnded(*now) && stopping()) {
    now = co_await watcher.Next(now->generation().revision(), absl::Seconds(10));
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) break;
  }
  if (HasEnded(*now)) co_return now;
  co_return CancelRequested(*now);
}

awaitable<absl::Status> Generations::Delete(std::string caller, std::string name) {
  absl::Status removed;
  for (int round = 0; round < kDeleteRounds; ++round) {
    const absl::StatusOr<Snapshot> found = co_await Get(caller, name);
    if (!found.ok()) co_return found.status();
    if (!HasEnded(**found)) co_return StillRunning((*found)->generation());
    removed = co_await shared_->world.store.Remove(name, (*found)->generation().revision());
    if (absl::IsAborted(removed)) continue;  // it was changed meanwhile, or started again
    if (absl::IsNotFound(removed)) co_return NotFound(name);
    const bool had_image = HasKeptImage(**found);
    if (!removed.ok()) {
      // What was reported as failed may have been done all the same.
      if (had_image) shared_->world.holds->Doubt((*found)->generation().image().sha256());
      break;
    }
    if (!had_image) co_return removed;
    // Bytes that cannot go now go later.
    const absl::Status gone = co_await shared_->retention.RemoveImage((*found)->generation().image().sha256());
    if (!gone.ok()) shared_->world.on_fault(gone);
    co_return absl::OkStatus();
  }
  shared_->world.on_fault(removed);
  co_return removed;
}

awaitable<absl::StatusOr<std::unique_ptr<ImageReader>>> Generations::OpenImage(Snapshot snapshot) {
  co_return co_await OpenKeptImage(shared_->world, std::move(snapshot));
}

absl::StatusOr<v1::QuoteImageResponse> Generations::Quote(const v1::ImageSpec& spec) const {
  const World& world = shared_->world;
  if (auto violations = Validate(spec, world.catalog); !violations.empty()) return InvalidRequest(std::move(violations));
  v1::QuoteImageResponse quote;
  *quote.mutable_spec() = world.catalog.Resolve(spec);
  const v1::Charge price = world.catalog.Charge(quote.spec(), v1::CHARGE_STATE_MADE);
  quote.set_cost_micros(price.cost_micros());
  quote.set_currency(price.currency());
  const absl::Duration typical = Expected(world.history, quote.spec());
  *quote.mutable_expected_duration() = ToProto(world.admission.ExpectedWait(quote.spec().model(), typical) + typical);
  if (!world.models.InUse().front()->UsesTasks(quote.spec())) {
    quote.add_notes("The upstream answers this request in one long call: if Easel stops meanwhile, the outcome is unknown.");
  }
  return quote;
}

v1::ListModelsResponse Generations::ListModels() const {
  const World& world = shared_->world;
  v1::ListModelsResponse response;
  for (v1::Model model : world.catalog.models()) {
    v1::ImageSpec spec;
    spec.set_model(model.model());
    for (v1::QualityOption& option : *model.mutable_qualities()) {
      spec.set_quality(option.quality());
      const v1::ImageSpec resolved = world.catalog.Resolve(spec);
      *option.mutable_typical_duration() = ToProto(Expected(world.history, resolved));
      option.set_resumable(world.models.InUse().front()->UsesTasks(resolved));
    }
    *response.add_models() = std::move(model);
  }
  return response;
}

v1::Generation Generations::Show(const Record& record) const {
  const World& world = shared_->world;
  v1::Generation shown = record.generation();
  if (!HasEnded(record)) {
    *shown.mutable_progress() = EstimateProgress(record.generation(), world.admission, world.history, world.clock.Now());
  } else if (HasKeptImage(record)) {
    const ImageLinks::Link link = world.links.LinkTo(record);
    shown.mutable_image()->set_url(link.url);
    *shown.mutable_image()->mutable_url_expire_time() = ToProto(link.expire_time);
  }
  return shown;
}

awaitable<absl::Status> Generations::CheckImages() { co_return co_await shared_->intake.CheckImages(); }

awaitable<absl::Status> Generations::Recover() {
  if (shared_->sharing != nullptr) co_return co_await shared_->sharing->Start(shared_->loop);
  co_return co_await shared_->intake.Recover();
}

void Generations::StopTaking() {
  shared_->intake.StopTaking();
  if (shared_->sharing != nullptr) shared_->sharing->StopTaking();
  shared_->world.admission.Close();
}

int Generations::AtWork() const { return shared_->running.AtWork(); }

int Generations::Running() const { return shared_->running.Count(); }

bool Generations::AwaitIdle(absl::Duration patience) const {
  return (shared_->sharing == nullptr || shared_->sharing->AwaitStopped(patience)) &&
         shared_->running.AwaitNone(patience) && shared_->retention.AwaitStopped(patience) &&
         shared_->mirrors.AwaitIdle(patience);
}

void Generations::Suspend() {
  if (shared_->sharing != nullptr) shared_->sharing->Stop();
  shared_->mirrors.Stop();
  shared_->running.Suspend();
  shared_->retention.Stop();
}

void Generations::StartRetention() { shared_->retention.Start(shared_->loop); }

}  // namespace easel::generation
