#include "generation/generations.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "generation/attempts.h"
#include "generation/error.h"
#include "generation/ids.h"
#include "generation/live_generation.h"
#include "generation/progress.h"
#include "generation/recovery.h"
#include "generation/same_order.h"
#include "generation/time.h"
#include "generation/validation.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

// The running generations of this process, by name and by (caller, request_id). An order is entered before it is
// recorded, so that two equal orders at the same time meet here.
struct Generations::Shared {
  using RequestKey = std::pair<std::string, std::string>;

  Shared(World world_, std::vector<asio::any_io_executor> loops_) : world(std::move(world_)), loops(std::move(loops_)) {}

  const World world;
  const std::vector<asio::any_io_executor> loops;
  std::atomic<std::size_t> next_loop = 0;
  std::atomic<bool> taking = true;

  mutable std::mutex mutex;
  mutable std::condition_variable left;
  std::map<RequestKey, std::shared_ptr<LiveGeneration>> by_request;
  std::map<std::string, std::shared_ptr<LiveGeneration>, std::less<>> by_name;

  // The running generation of this request, entered now if there was none: `second` tells.
  std::pair<std::shared_ptr<LiveGeneration>, bool> Enter(const RequestKey& key);
  void EnterName(const std::string& name, const std::shared_ptr<LiveGeneration>& live);
  void Leave(const RequestKey& key, const std::shared_ptr<LiveGeneration>& live);
  std::shared_ptr<LiveGeneration> FindLive(std::string_view name) const;

  Record NewRecord(const Order& order) const;
  void ApplyTerms(const Order& order, Record& record) const;
  absl::StatusOr<Admission::Place> Admit(const Order& order, const v1::ImageSpec& resolved);
  awaitable<absl::StatusOr<Watcher>> Accept(Order order, std::shared_ptr<LiveGeneration> live);
  awaitable<absl::StatusOr<Watcher>> Join(Order order, std::shared_ptr<LiveGeneration> live);
  awaitable<absl::StatusOr<Watcher>> Existing(Order order, Record record, std::shared_ptr<LiveGeneration> live,
                                              Admission::Place place);
  void Launch(std::shared_ptr<LiveGeneration> live, Record record, Admission::Place place, Origin origin);
  awaitable<void> Live(std::shared_ptr<LiveGeneration> live, Admission::Place place, Origin origin);
};

std::pair<std::shared_ptr<LiveGeneration>, bool> Generations::Shared::Enter(const RequestKey& key) {
  const std::lock_guard lock(mutex);
  auto& entry = by_request[key];
  if (entry != nullptr) return {entry, false};
  entry = std::make_shared<LiveGeneration>(loops[next_loop++ % loops.size()]);
  return {entry, true};
}

void Generations::Shared::EnterName(const std::string& name, const std::shared_ptr<LiveGeneration>& live) {
  const std::lock_guard lock(mutex);
  by_name[name] = live;
}

void Generations::Shared::Leave(const RequestKey& key, const std::shared_ptr<LiveGeneration>& live) {
  const Snapshot last = live->snapshot();
  const std::lock_guard lock(mutex);
  if (const auto it = by_request.find(key); it != by_request.end() && it->second == live) by_request.erase(it);
  left.notify_all();
  if (last == nullptr) return;
  const auto it = by_name.find(last->generation().name());
  if (it != by_name.end() && it->second == live) by_name.erase(it);
}

std::shared_ptr<LiveGeneration> Generations::Shared::FindLive(std::string_view name) const {
  const std::lock_guard lock(mutex);
  const auto it = by_name.find(name);
  return it == by_name.end() ? nullptr : it->second;
}

Record Generations::Shared::NewRecord(const Order& order) const {
  const absl::Time now = world.clock.Now();
  Record record;
  v1::Generation& generation = *record.mutable_generation();
  generation.set_name(NewName(now, world.random));
  generation.set_request_id(order.request_id);
  *generation.mutable_spec() = world.catalog.Resolve(order.spec);
  *generation.mutable_create_time() = ToProto(now);
  record.set_caller(order.caller);
  *record.mutable_requested_spec() = order.spec;
  ApplyTerms(order, record);
  return record;
}

// What an order says besides the content; also how an uncharged failure starts again.
void Generations::Shared::ApplyTerms(const Order& order, Record& record) const {
  const absl::Time now = world.clock.Now();
  const absl::Time patience = now + world.pacing.submit_timeout;
  v1::Generation& generation = *record.mutable_generation();
  generation.set_state(v1::GENERATION_STATE_QUEUED);
  generation.set_revision(generation.revision() + 1);
  generation.clear_end_time();
  generation.clear_error();
  generation.clear_cancel_requested();
  generation.clear_content_filter();
  *generation.mutable_update_time() = ToProto(now);
  *generation.mutable_expire_time() = ToProto(now + world.pacing.retention);
  *generation.mutable_charge() = world.catalog.Charge(generation.spec(), v1::CHARGE_STATE_NONE);
  record.set_cancel_policy(order.cancel_policy);
  record.set_allow_resubmission(order.allow_resubmission);
  record.set_allow_fallback(order.allow_fallback);
  record.set_traceparent(order.traceparent);
  *record.mutable_retry_until() = ToProto(order.deadline.value_or(patience));
  *record.mutable_queue_until() = ToProto(std::max(order.deadline.value_or(patience), patience));
  record.clear_fetch_url();
}

// Whether a new generation may begin. Nothing is recorded or spent by a no.
absl::StatusOr<Admission::Place> Generations::Shared::Admit(const Order& order, const v1::ImageSpec& resolved) {
  if (!taking) {
    return ToStatus({.reason = v1::ERROR_REASON_SHUTTING_DOWN,
                     .message = "The service is shutting down and takes no new work; another instance will.",
                     .retry_after = absl::Seconds(1)});
  }
  const absl::Duration wait =
      world.admission.ExpectedWait(resolved.model(), Expected(world.history, resolved));
  const auto quickest = world.history.Quickest(resolved);
  if (order.deadline && quickest && world.clock.Now() + wait + *quickest > *order.deadline) {
    return ToStatus({.reason = v1::ERROR_REASON_DEADLINE_TOO_SHORT,
                     .message = absl::StrCat("An image like this takes about ", absl::FormatDuration(wait + *quickest),
                                             " now, and the call's deadline is in ",
                                             absl::FormatDuration(*order.deadline - world.clock.Now()),
                                             ". Nothing was recorded or spent: allow more time, or use StartGeneration."),
                     .retry_after = std::max(wait, absl::Seconds(1))});
  }
  return world.admission.Promise(resolved.model());
}

awaitable<absl::StatusOr<Watcher>> Generations::Shared::Accept(Order order,
                                                               std::shared_ptr<LiveGeneration> live) {
  Record record = NewRecord(order);
  absl::StatusOr<Admission::Place> place = Admit(order, record.generation().spec());
  if (!place.ok()) {
    // An id that is known is never refused.
    absl::StatusOr<Record> known = co_await world.store.Find(order.caller, order.request_id);
    if (!known.ok()) co_return absl::IsNotFound(known.status()) ? place.status() : known.status();
    if (MayStartAgain(*known)) co_return place.status();
    co_return co_await Existing(std::move(order), *std::move(known), std::move(live), {});
  }
  absl::StatusOr<Reservation> reserved = co_await world.store.Reserve(record);
  if (!reserved.ok()) {
    world.on_fault(reserved.status());
    co_return reserved.status();
  }
  if (!reserved->inserted) {
    co_return co_await Existing(std::move(order), std::move(reserved->record), std::move(live),
                                *std::move(place));
  }
  Launch(live, std::move(record), *std::move(place), Origin::kAccepted);
  co_return Watcher(std::move(live));
}

// The id is taken, by a generation that this process does not run: it has ended.
awaitable<absl::StatusOr<Watcher>> Generations::Shared::Existing(Order order, Record record,
                                                                 std::shared_ptr<LiveGeneration> live,
                                                                 Admission::Place place) {
  if (absl::Status same = CheckSameOrder(order.spec, record); !same.ok()) co_return same;
  if (!MayStartAgain(record)) co_return Watcher(std::make_shared<const Record>(std::move(record)));
  ApplyTerms(order, record);
  if (absl::Status updated = co_await world.store.Update(record); !updated.ok()) {
    world.on_fault(updated);
    co_return updated;
  }
  Launch(live, std::move(record), std::move(place), Origin::kAccepted);
  co_return Watcher(std::move(live));
}

// The id is taken by a running generation, or by an order that is being accepted right now.
awaitable<absl::StatusOr<Watcher>> Generations::Shared::Join(Order order, std::shared_ptr<LiveGeneration> live) {
  const auto wakeup = std::make_shared<Wakeup>(co_await asio::this_coro::executor);
  live->AddWaiter(wakeup);
  while (live->snapshot() == nullptr && live->refusal().ok()) co_await wakeup->Wait(absl::InfiniteDuration());
  live->RemoveWaiter(wakeup);
  const Snapshot snapshot = live->snapshot();
  if (snapshot == nullptr) co_return live->refusal();
  if (absl::Status same = CheckSameOrder(order.spec, *snapshot); !same.ok()) co_return same;
  co_return Watcher(std::move(live));
}

void Generations::Shared::Launch(std::shared_ptr<LiveGeneration> live, Record record, Admission::Place place,
                                 Origin origin) {
  const auto snapshot = std::make_shared<const Record>(std::move(record));
  live->Publish(snapshot);
  EnterName(snapshot->generation().name(), live);
  world.metrics.StateChanged(v1::GENERATION_STATE_UNSPECIFIED, snapshot->generation().state());
  const asio::any_io_executor loop = live->loop();
  const asio::cancellation_slot slot = live->interruption();
  asio::co_spawn(loop, Live(std::move(live), std::move(place), origin), asio::bind_cancellation_slot(slot, asio::detached));
}

awaitable<void> Generations::Shared::Live(std::shared_ptr<LiveGeneration> live, Admission::Place place, Origin origin) {
  co_await RunLifecycle(world, live, std::move(place), origin);
  const Snapshot last = live->snapshot();
  Leave({last->caller(), last->generation().request_id()}, live);
}

Generations::Generations(World world, std::vector<asio::any_io_executor> loops)
    : shared_(std::make_unique<Shared>(std::move(world), std::move(loops))) {}

Generations::~Generations() = default;

awaitable<absl::StatusOr<Watcher>> Generations::Start(Order order) {
  std::vector<Violation> violations = Validate(order.spec, shared_->world.catalog);
  for (Violation& violation : ValidateRequestId(order.request_id)) violations.push_back(std::move(violation));
  if (!violations.empty()) co_return InvalidRequest(std::move(violations));
  if (order.request_id.empty()) order.request_id = NewId(shared_->world.clock.Now(), shared_->world.random);

  const Shared::RequestKey key{order.caller, order.request_id};
  while (true) {
    auto [live, entered] = shared_->Enter(key);
    if (entered) {
      absl::StatusOr<Watcher> accepted = co_await shared_->Accept(std::move(order), live);
      if (live->snapshot() == nullptr) {
        shared_->Leave(key, live);
        live->Refuse(accepted.ok() ? absl::AbortedError("ended before") : accepted.status());
      }
      co_return accepted;
    }
    absl::StatusOr<Watcher> joined = co_await shared_->Join(order, live);
    const Snapshot snapshot = live->snapshot();
    if (joined.ok() && HasEnded(*snapshot) && MayStartAgain(*snapshot)) {
      shared_->Leave(key, live);  // it has just ended, and this order starts it again
      continue;
    }
    // Aborted: the order that was being accepted turned out to have ended long before. Look again.
    if (joined.ok() || !absl::IsAborted(joined.status())) co_return joined;
  }
}

awaitable<absl::StatusOr<Watcher>> Generations::Watch(std::string caller, std::string name) {
  if (auto live = shared_->FindLive(name); live != nullptr && live->snapshot()->caller() == caller) {
    co_return Watcher(std::move(live));
  }
  absl::StatusOr<Snapshot> ended = co_await Get(std::move(caller), std::move(name));
  if (!ended.ok()) co_return ended.status();
  co_return Watcher(*std::move(ended));
}

awaitable<absl::StatusOr<Snapshot>> Generations::Get(std::string caller, std::string name) {
  absl::StatusOr<Snapshot> found = co_await Find(name);
  if (found.ok() && (*found)->caller() != caller) co_return NotFound(name);
  co_return found;
}

awaitable<absl::StatusOr<Snapshot>> Generations::Find(std::string name) {
  if (const auto live = shared_->FindLive(name); live != nullptr) co_return live->snapshot();
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
  const auto live = shared_->FindLive(name);
  if (live == nullptr || live->snapshot()->caller() != caller) co_return co_await Get(std::move(caller), std::move(name));
  Watcher watcher(live);
  live->Cancel(policy);
  Snapshot now = watcher.current();
  while (live->wish() == LiveGeneration::Wish::kAbort && !HasEnded(*now)) {
    now = co_await watcher.Next(now->generation().revision(), absl::Seconds(10));
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) break;
  }
  if (HasEnded(*now)) co_return now;
  auto marked = std::make_shared<Record>(*now);
  marked->mutable_generation()->set_cancel_requested(true);
  co_return marked;
}

awaitable<absl::Status> Generations::Delete(std::string caller, std::string name) {
  const absl::StatusOr<Snapshot> found = co_await Get(std::move(caller), name);
  if (!found.ok()) co_return found.status();
  if (!HasEnded(**found)) {
    co_return ToStatus({.reason = v1::ERROR_REASON_GENERATION_NOT_ENDED,
                        .message = absl::StrCat("'", name, "' is still running; cancel it first, or wait for its end."),
                        .metadata = {{"generation", name}}});
  }
  const absl::StatusOr<bool> last = co_await shared_->world.store.Remove(name);
  if (!last.ok()) co_return absl::IsNotFound(last.status()) ? NotFound(name) : last.status();
  const std::string& digest = (*found)->generation().image().sha256();
  if (*last && !digest.empty()) co_return co_await shared_->world.images.Remove(digest);
  co_return absl::OkStatus();
}

awaitable<absl::StatusOr<std::unique_ptr<ImageReader>>> Generations::OpenImage(Snapshot snapshot) {
  const v1::Generation& generation = snapshot->generation();
  const std::string& name = generation.name();
  if (!HasEnded(*snapshot)) {
    co_return ToStatus({.reason = v1::ERROR_REASON_GENERATION_NOT_ENDED,
                        .message = absl::StrCat("'", name, "' is still running; WatchGeneration tells when its image is there."),
                        .metadata = {{"generation", name}}});
  }
  if (!generation.has_image()) {
    co_return ToStatus({.reason = v1::ERROR_REASON_NO_IMAGE,
                        .message = absl::StrCat("'", name, "' ended without an image; GetGeneration tells why."),
                        .metadata = {{"generation", name}}});
  }
  auto reader = co_await shared_->world.images.Open(generation.image().sha256());
  if (reader.ok()) co_return reader;
  shared_->world.on_fault(reader.status());
  if (!absl::IsNotFound(reader.status())) co_return reader.status();
  co_return ToStatus({.reason = v1::ERROR_REASON_IMAGE_LOST,
                      .message = absl::StrCat("The image of '", name, "' is not in the store any more."),
                      .metadata = {{"generation", name}}});
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
  if (!world.models.front()->UsesTasks(quote.spec())) {
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
      option.set_resumable(world.models.front()->UsesTasks(resolved));
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
  } else if (shown.has_image()) {
    const ImageLinks::Link link = world.links.LinkTo(record);
    shown.mutable_image()->set_url(link.url);
    *shown.mutable_image()->mutable_url_expire_time() = ToProto(link.expire_time);
  }
  return shown;
}

awaitable<absl::Status> Generations::Recover() {
  absl::StatusOr<std::vector<Record>> running = co_await shared_->world.store.ListRunning();
  if (!running.ok()) co_return running.status();
  for (Record& record : InOrderOfRecovery(*std::move(running))) {
    auto [live, entered] = shared_->Enter({record.caller(), record.generation().request_id()});
    if (entered) shared_->Launch(live, std::move(record), {}, Origin::kResumed);
  }
  co_return absl::OkStatus();
}

void Generations::StopTaking() {
  shared_->taking = false;
  shared_->world.admission.Close();
}

int Generations::AtWork() const {
  const std::lock_guard lock(shared_->mutex);
  int count = 0;
  for (const auto& [name, live] : shared_->by_name) {
    const Snapshot snapshot = live->snapshot();
    count += snapshot->generation().state() != v1::GENERATION_STATE_QUEUED && !HasEnded(*snapshot) ? 1 : 0;
  }
  return count;
}

int Generations::Running() const {
  const std::lock_guard lock(shared_->mutex);
  return static_cast<int>(shared_->by_request.size());
}

bool Generations::AwaitIdle(absl::Duration patience) const {
  std::unique_lock lock(shared_->mutex);
  return shared_->left.wait_for(lock, absl::ToChronoMilliseconds(patience), [this] { return shared_->by_request.empty(); });
}

void Generations::Suspend() {
  const std::lock_guard lock(shared_->mutex);
  for (const auto& [name, live] : shared_->by_name) live->Suspend();
}

}  // namespace easel::generation
