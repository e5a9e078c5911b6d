#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "generation/error.h"
#include "generation/intake.h"

namespace easel::generation {

// Whether a new generation may begin. Nothing is recorded or spent by a no.
absl::StatusOr<Standing> Intake::Admit(const Order& order, const v1::ImageSpec& resolved) {
  if (!taking_) {
    return ToStatus({.reason = v1::ERROR_REASON_SHUTTING_DOWN,
                     .message = "The service is shutting down and takes no new work; another instance will.",
                     .retry_after = absl::Seconds(1)});
  }
  const absl::Duration wait =
      world_.admission.ExpectedWait(resolved.model(), Expected(world_.history, resolved));
  const auto quickest = world_.history.Quickest(resolved);
  // Another model may be quicker than one that nobody takes.
  const bool replaceable =
      order.allow_fallback && !world_.fallback_model.empty() && !world_.admission.Takes(resolved.model(), {});
  if (order.deadline && quickest && !replaceable && world_.clock.Now() + wait + *quickest > *order.deadline) {
    return ToStatus({.reason = v1::ERROR_REASON_DEADLINE_TOO_SHORT,
                     .message = absl::StrCat("An image like this takes about ", absl::FormatDuration(wait + *quickest),
                                             " now, and the call's deadline is in ",
                                             absl::FormatDuration(*order.deadline - world_.clock.Now()),
                                             ". Nothing was recorded or spent: allow more time, or use StartGeneration."),
                     .retry_after = std::max(wait, absl::Seconds(1))});
  }
  Standing standing;
  if (world_.caller_limits != nullptr) {
    auto pass = world_.caller_limits->Admit(order.caller, world_.catalog.Charge(resolved, v1::CHARGE_STATE_MADE));
    if (!pass.ok()) return pass.status();
    standing.pass = *std::move(pass);
  }
  auto place = world_.admission.Promise(resolved.model());
  if (!place.ok()) return place.status();
  standing.place = *std::move(place);
  return standing;
}

boost::asio::awaitable<absl::StatusOr<Reservation>> Intake::ReserveWithinLimits(Snapshot record, CallerLimits::Pass& pass,
                                                                               absl::Status& refusal) {
  CallerLimits* const limits = world_.caller_limits;
  if (world_.replicas == nullptr || !pass || !limits->Limited(record->caller())) {
    co_return co_await world_.store.Reserve(record);
  }
  Replicas::Quota quota{.price = pass.price(), .today = limits->Today(), .allows = [&](CallerUsage& usage) {
                          refusal = limits->AdmitTogether(pass, usage);
                          return refusal.ok();
                        }};
  co_return co_await world_.replicas->ReserveWithin(std::move(quota), std::move(record));
}

void Intake::CountFor(const Record& record, LiveGeneration& live, CallerLimits::Pass pass) {
  if (world_.caller_limits == nullptr || HasEnded(record)) return;
  if (!pass) {
    const v1::Charge price = world_.catalog.Charge(record.generation().spec(), v1::CHARGE_STATE_MADE);
    pass = world_.caller_limits->Resume(record.caller(), price);
  }
  pass.Begin();
  live.AtEnd([kept = std::make_shared<CallerLimits::Pass>(std::move(pass))](const Record& ended) {
    kept->End(ended.generation());
  });
}

}  // namespace easel::generation
