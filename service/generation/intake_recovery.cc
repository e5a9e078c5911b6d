#include <memory>
#include <utility>
#include <vector>

#include "generation/intake.h"
#include "generation/recovery.h"

namespace easel::generation {

using boost::asio::awaitable;

awaitable<absl::Status> Intake::Recover() {
  absl::StatusOr<std::vector<Record>> running = co_await world_.store.ListRunning();
  if (!running.ok()) co_return running.status();
  Resume(*std::move(running));
  co_return absl::OkStatus();
}

void Intake::Resume(std::vector<Record> running) {
  // Tasks count and the queue is whole before anything leaves it.
  const Admission::Place all = world_.admission.Expect();
  for (Record& record : InOrderOfRecovery(std::move(running))) {
    auto [live, entered] = running_.Enter({record.caller(), record.generation().request_id()}, {});
    if (!entered) continue;
    const v1::GenerationState state = record.generation().state();
    const bool takes_part = state == v1::GENERATION_STATE_QUEUED || state == v1::GENERATION_STATE_RENDERING;
    Standing standing{.place = takes_part ? world_.admission.Expect() : Admission::Place()};
    Launch(live, std::make_shared<const Record>(std::move(record)), std::move(standing), Origin::kResumed);
  }
}

awaitable<absl::Status> Intake::Adopt(std::string name) {
  absl::StatusOr<Record> record = co_await world_.store.Get(name);
  if (absl::IsNotFound(record.status())) co_return absl::OkStatus();
  if (!record.ok()) co_return record.status();
  if (HasEnded(*record)) co_return absl::OkStatus();
  const RunningGenerations::Request request{record->caller(), record->generation().request_id()};
  auto [live, entered] = running_.Enter(request, {});
  if (!entered) co_return absl::OkStatus();  // an order is busy with it
  // Nobody here runs it from here on, so what the store says now stays true.
  record = co_await world_.store.Get(name);
  if (!record.ok()) {
    Settle(request, live, record.status());
    co_return record.status();
  }
  const absl::StatusOr<Watcher> held = CarryOn(*std::move(record), live, /*ours=*/true);
  Settle(request, live, held);
  co_return absl::OkStatus();
}

awaitable<absl::StatusOr<Watcher>> Intake::FromStore(std::string name) {
  absl::StatusOr<Record> now = co_await world_.store.Get(name);
  if (!now.ok()) co_return now.status();
  auto snapshot = std::make_shared<const Record>(*std::move(now));
  co_return HasEnded(*snapshot) ? Watcher(std::move(snapshot)) : mirrors_.Watch(std::move(snapshot));
}

}  // namespace easel::generation
