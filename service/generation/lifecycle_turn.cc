#include <algorithm>
#include <utility>

#include "generation/attempts.h"
#include "generation/lifecycle_steps.h"
#include "generation/time.h"

namespace easel::generation {

using boost::asio::awaitable;

namespace {

constexpr absl::Duration kRetryWhenBusy = absl::Seconds(5);
constexpr absl::Duration kRetryWhenUnreachable = absl::Seconds(30);

bool Contains(const std::vector<const ImageModel*>& accounts, const ImageModel* account) {
  return std::find(accounts.begin(), accounts.end(), account) != accounts.end();
}

}  // namespace

awaitable<void> Lifecycle::TakeTurn() {
  if (MayFallBack() && Now() >= fall_back_at_) {
    const bool failed = refusal_ && refusal_->reason == v1::ERROR_REASON_UPSTREAM_UNAVAILABLE;
    if (failed || !world_.admission.Takes(model_, Excluded())) FallBack();
    fall_back_at_ = Now() + world_.pacing.fall_back_after;
  }
  if (const absl::Duration pause = NextTry() - Now(); pause > absl::ZeroDuration()) {
    co_await Wait(pause);
    co_return;
  }
  const absl::Time began = Now();
  Admission::Entry entry = QueueEntry();
  turn_ = co_await world_.admission.Wait(std::move(entry), std::exchange(place_, {}));
  waited_ += Now() - began;
  if (Interrupted()) co_return;
  if (!turn_) {
    if (Now() >= Limit(record_.queue_until())) co_await TurnDidNotCome();
    co_return;
  }
  // Accounts may have come while it waited, and not every one of them fits.
  if (Contains(Excluded(), &turn_->account())) {
    turn_.reset();
    co_return;
  }
  if (world_.replicas != nullptr) {
    lease_ = world_.replicas->lease();
    if (lease_ == 0) {  // nothing could be sent
      turn_.reset();
      co_await Wait(world_.pacing.retry_first);
      co_return;
    }
  }
  BeginAttempt(generation(), turn_->account(), model_, Now());
  co_await Record(v1::GENERATION_STATE_SUBMITTING);
}

Admission::Entry Lifecycle::QueueEntry() const {
  const v1::Generation& generation = record_.generation();
  Admission::Entry entry{.name = generation.name(),
                         .caller = record_.caller(),
                         .model = model_,
                         .until = Limit(record_.queue_until()),
                         .not_at = Excluded(),
                         .first = !generation.attempts().empty(),
                         .created = FromProto(generation.create_time())};
  for (const auto& [upstream, until] : rests_) entry.failed_at.push_back(upstream);
  // Where one upstream is left alone for a while, the others may have it meanwhile.
  const std::vector<const ImageModel*> excluded = entry.not_at;
  for (const ImageModel* account : world_.models.InUse()) {
    const absl::Time until = RestsUntil(*account);
    if (until <= Now() || Contains(excluded, account)) continue;
    entry.not_at.push_back(account);
    entry.until = std::min(entry.until, until);
  }
  if (MayFallBack()) entry.until = std::min(entry.until, fall_back_at_);
  return entry;
}

awaitable<void> Lifecycle::TurnDidNotCome() {
  if (refusal_) {
    co_await Fail(Describe(*refusal_));
    co_return;
  }
  Error error{.reason = v1::ERROR_REASON_QUEUE_TIMEOUT,
              .message = "Its turn did not come within the time it may wait in the queue; nothing was sent.",
              .retry_after = kRetryWhenBusy};
  if (world_.admission.Unreachable(model_)) {
    error.reason = v1::ERROR_REASON_UPSTREAM_UNAVAILABLE;
    error.message = "The upstream has answered nothing of use for a while, so this was not sent there.";
    error.retry_after = kRetryWhenUnreachable;
  }
  co_await Fail(std::move(error));
}

std::vector<const ImageModel*> Lifecycle::Excluded() const {
  const ImageModel* bound = BoundTo();
  const v1::ImageSpec& spec = record_.generation().spec();
  std::vector<const ImageModel*> excluded;
  for (const ImageModel* account : world_.models.InUse()) {
    const bool other = bound != nullptr && account != bound;
    if (other || Contains(refused_, account) || !Fits(world_, *account, model_, spec)) excluded.push_back(account);
  }
  return excluded;
}

absl::Time Lifecycle::NextTry() const {
  const std::vector<const ImageModel*> excluded = Excluded();
  absl::Time next = absl::InfiniteFuture();
  for (const ImageModel* account : world_.models.InUse()) {
    if (!Contains(excluded, account)) next = std::min(next, RestsUntil(*account));
  }
  return next == absl::InfiniteFuture() ? absl::InfinitePast() : next;
}

absl::Time Lifecycle::RestsUntil(const ImageModel& account) const {
  const auto found = rests_.find(account.upstream());
  return found == rests_.end() ? absl::InfinitePast() : found->second;
}

void Lifecycle::Rest(const UpstreamError& error) {
  rests_[turn_->account().upstream()] = Now() + error.retry_after.value_or(Backoff(retries_++));
}

ImageModel* Lifecycle::BoundTo() const {
  const auto& attempts = record_.generation().attempts();
  const auto unanswered = std::find_if(attempts.rbegin(), attempts.rend(), [](const v1::Attempt& attempt) {
    return attempt.charge().state() == v1::CHARGE_STATE_UNKNOWN;
  });
  if (unanswered == attempts.rend() || !TermsOf(unanswered->upstream()).rejects_duplicates) return nullptr;
  return AccountOf(*unanswered);
}

bool Lifecycle::MayFallBack() const {
  const std::string& asked = record_.generation().spec().model();
  const std::string& other = world_.fallback_model;
  return record_.allow_fallback() && model_ == asked && !other.empty() && other != asked &&
         world_.catalog.Find(other) != nullptr && BoundTo() == nullptr;
}

bool Lifecycle::FallBack() {
  if (!MayFallBack()) return false;
  model_ = world_.fallback_model;
  refused_.clear();
  return Excluded().size() < world_.models.InUse().size();
}

ImageModel* Lifecycle::AccountOf(const v1::Attempt& attempt) const {
  return world_.models.Find(attempt.upstream(), attempt.key_fingerprint());
}

v1::ImageSpec Lifecycle::Asked() const {
  const v1::Generation& generation = record_.generation();
  const v1::Attempt& attempt = *generation.attempts().rbegin();
  return TermsOf(attempt.upstream()).catalog.For(ModelOf(attempt, generation), generation.spec());
}

v1::Charge Lifecycle::Charge(v1::ChargeState state) const {
  return TermsOf(record_.generation().attempts().rbegin()->upstream()).catalog.Charge(Asked(), state);
}

}  // namespace easel::generation
