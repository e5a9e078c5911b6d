#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "generation/attempts.h"
#include "generation/lifecycle_steps.h"
#include "generation/time.h"

namespace easel::generation {

using boost::asio::awaitable;

namespace {

// A fresh task may be unknown to the upstream's result endpoint for a moment.
constexpr int kUnknownTaskPolls = 3;
constexpr int kFetchesOfOneUrl = 4;
constexpr absl::Duration kRetryWhenBusy = absl::Seconds(5);

// Reasons that ask the caller to come again, which is wrong where something may have been charged.
bool InvitesRepeat(v1::ErrorReason reason) {
  return reason == v1::ERROR_REASON_QUEUE_TIMEOUT || reason == v1::ERROR_REASON_UPSTREAM_BUSY ||
         CodeOf(reason) == absl::StatusCode::kUnavailable;
}

v1::ChargeState ChargeOf(Taken taken) {
  switch (taken) {
    case Taken::kNo:
      return v1::CHARGE_STATE_NONE;
    case Taken::kYes:
      return v1::CHARGE_STATE_MADE;
    case Taken::kUnknown:
      return v1::CHARGE_STATE_UNKNOWN;
  }
  return v1::CHARGE_STATE_UNKNOWN;
}

}  // namespace

awaitable<void> Lifecycle::TurnDidNotCome() {
  if (refusal_) {
    co_await Fail(Describe(*refusal_));
    co_return;
  }
  Error error{.reason = v1::ERROR_REASON_QUEUE_TIMEOUT,
              .message = "Its turn did not come within the time it may wait in the queue; nothing was sent.",
              .retry_after = kRetryWhenBusy};
  co_await Fail(std::move(error));
}

// The record says that a request may have left, and this process did not send it: nobody knows what became of it.
awaitable<void> Lifecycle::OutcomeWasLost() {
  EndAttempt(generation(), Now(), "restart", world_.catalog.Charge(generation().spec(), v1::CHARGE_STATE_UNKNOWN));
  if (MayResubmit()) {
    co_await Record(v1::GENERATION_STATE_QUEUED);
    co_return;
  }
  Error error{.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN,
              .message = "The service stopped while the request was on its way to the upstream. It may have been made "
                         "and charged; it was not sent again."};
  co_await Fail(std::move(error));
}

// The upstream did not take it, or nobody knows: what happens next is the table of README, "Errors".
awaitable<void> Lifecycle::Refused(UpstreamError error) {
  EndAttempt(generation(), Now(), error.code, world_.catalog.Charge(generation().spec(), ChargeOf(error.taken)));
  if (world_.rejects_duplicates && error.taken == Taken::kYes) SettleEarlierAttempts(generation());
  if (Interrupted() && error.cancelled) co_return;

  const bool again = MayGoAgain(error);
  turn_.reset();
  if (again && std::max(Now(), not_before_) < FromProto(record_.retry_until())) {
    refusal_ = std::move(error);
    co_await Record(v1::GENERATION_STATE_QUEUED);
    co_return;
  }
  for (const auto& entry : error.content_filter) *generation().add_content_filter() = entry;
  co_await Fail(Describe(error));
}

// Tells the governor, and decides whether another submission may be of use; time is another question.
bool Lifecycle::MayGoAgain(const UpstreamError& error) {
  const bool free = error.taken == Taken::kNo;
  switch (error.reason) {
    case v1::ERROR_REASON_UPSTREAM_CREDENTIALS:
    case v1::ERROR_REASON_UPSTREAM_QUOTA:
      turn_->Report(Governor::Answer::kRefusedKey);
      not_at_.push_back(&turn_->account());
      return free && HasOtherAccount();
    case v1::ERROR_REASON_UPSTREAM_BUSY:
      turn_->Report(Governor::Answer::kBusy, error.retry_after);
      return free;
    case v1::ERROR_REASON_UPSTREAM_OVERLOADED:
      turn_->Report(Governor::Answer::kOverloaded, error.retry_after);
      return free;
    case v1::ERROR_REASON_UPSTREAM_UNAVAILABLE:
      not_before_ = Now() + error.retry_after.value_or(Backoff(retries_++));
      return free;
    case v1::ERROR_REASON_OUTCOME_UNKNOWN:
      not_before_ = Now() + Backoff(retries_++);
      return free || (error.taken == Taken::kUnknown && MayResubmit());
    default:
      return false;  // rejected, blocked, defect
  }
}

// "A possible second charge is accepted": a second, not one for each try.
bool Lifecycle::MayResubmit() const {
  if (world_.rejects_duplicates) return Account() != nullptr;
  const auto& attempts = record_.generation().attempts();
  const auto unknown = std::count_if(attempts.begin(), attempts.end(), [](const v1::Attempt& attempt) {
    return attempt.charge().state() == v1::CHARGE_STATE_UNKNOWN;
  });
  return record_.allow_resubmission() && unknown <= 1;
}

void Lifecycle::StayWhereItMayBeKnown() {
  if (!world_.rejects_duplicates) return;
  for (const v1::Attempt& attempt : generation().attempts()) {
    if (attempt.charge().state() != v1::CHARGE_STATE_UNKNOWN) continue;
    std::copy_if(world_.models.begin(), world_.models.end(), std::back_inserter(not_at_), [&](const ImageModel* model) {
      return model->upstream() != attempt.upstream() || model->key_fingerprint() != attempt.key_fingerprint();
    });
  }
}

awaitable<void> Lifecycle::PollFailed(const UpstreamError& error) {
  const bool ended_upstream =
      error.reason == v1::ERROR_REASON_UPSTREAM_DEFECT || error.reason == v1::ERROR_REASON_CONTENT_BLOCKED;
  const bool forgotten =
      error.reason == v1::ERROR_REASON_UPSTREAM_TIMEOUT && ++unknown_task_polls_ >= kUnknownTaskPolls;
  const absl::Time until = Limit(record_.render_until());
  if (!ended_upstream && !forgotten && Now() < until) {
    co_await Wait(std::min(error.retry_after.value_or(Backoff(retries_++)), until - Now()));
    co_return;
  }
  Error failure = Describe(error);
  if (!ended_upstream) failure.reason = v1::ERROR_REASON_UPSTREAM_TIMEOUT;
  failure.retry_after.reset();  // it was charged: a repeat would pay again
  const auto charge = ended_upstream ? v1::CHARGE_STATE_UNKNOWN : v1::CHARGE_STATE_MADE;
  EndAttempt(generation(), Now(), error.code, world_.catalog.Charge(generation().spec(), charge));
  for (const auto& entry : error.content_filter) *generation().add_content_filter() = entry;
  co_await Fail(std::move(failure));
}

awaitable<void> Lifecycle::FetchFailed(const Fetched& fetched) {
  const int round = retries_++;
  const bool full = fetched.outcome == Fetched::Outcome::kSinkFailed;
  if (full) world_.on_fault(fetched.status);
  const v1::Attempt& attempt = CurrentAttempt(generation());
  const bool has_task = !attempt.task_id().empty();
  const absl::Time until = Limit(record_.fetch_until());
  // However often the upstream gives a fresh URL, some time it is enough.
  const absl::Time give_up = std::max(until, FromProto(attempt.end_time()) + world_.pacing.fetch_timeout);
  const bool expired = fetched.outcome == Fetched::Outcome::kExpired || Now() >= until;
  const bool hopeless = has_task ? Now() >= give_up : Now() >= until || (expired && round >= kFetchesOfOneUrl);
  if (fetched.outcome == Fetched::Outcome::kForbidden || hopeless) {
    // Where the store failed, its own words are for the operator.
    const std::string why = full ? "it could not be kept" : std::string(fetched.status.message());
    Error error{.reason = v1::ERROR_REASON_IMAGE_UNAVAILABLE,
                .message = absl::StrCat("The image was made and could not be downloaded: ", why)};
    co_await Fail(std::move(error));
    co_return;
  }
  co_await Wait(Backoff(round));
  // A task may give another address where this one keeps failing.
  const bool stale = !full && round % kFetchesOfOneUrl == kFetchesOfOneUrl - 1;
  if (has_task && (expired || stale) && !Interrupted()) co_await AskForFreshUrl(give_up);
}

awaitable<void> Lifecycle::AskForFreshUrl(absl::Time give_up) {
  ImageModel* account = Account();
  if (account == nullptr) co_return;
  const absl::Time began = Now();
  PollResult again = co_await account->Poll(CurrentAttempt(generation()).task_id());
  waited_ += Now() - began;
  const auto* ready = std::get_if<ImageReady>(&again);
  if (ready == nullptr) co_return;
  record_.set_fetch_url(ready->url);
  *record_.mutable_fetch_until() = ToProto(std::min(ready->expire_time.value_or(give_up), give_up));
}

awaitable<void> Lifecycle::Fail(Error error) {
  turn_.reset();
  *generation().mutable_charge() = TotalCharge(generation(), world_.catalog);
  if (generation().charge().state() != v1::CHARGE_STATE_NONE) {
    error.retry_after.reset();
    if (InvitesRepeat(error.reason)) {
      error.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN;
      error.message = absl::StrCat("An earlier request left and was never answered; it may have been made and charged. ",
                                   "What came last: ", refusal_ ? refusal_->message : error.message);
    }
  }
  error.metadata["generation"] = generation().name();
  DescribeCharge(generation().charge(), error.metadata);
  if (!generation().attempts().empty()) {
    const v1::Attempt& attempt = CurrentAttempt(generation());
    if (!attempt.task_id().empty()) error.metadata["task_id"] = attempt.task_id();
  }
  if (!record_.fetch_url().empty()) error.metadata["upstream_url"] = WithoutQuery(record_.fetch_url());
  *generation().mutable_error() = ToRpcStatus(ToStatus(error));
  co_await Record(v1::GENERATION_STATE_FAILED);
}

awaitable<void> Lifecycle::Cancelled() {
  // A task that was left alone, or an image that was not fetched, was paid for.
  if (!generation().attempts().empty() && !CurrentAttempt(generation()).has_end_time()) {
    v1::Attempt& attempt = CurrentAttempt(generation());
    const bool perhaps_sent = state() == v1::GENERATION_STATE_SUBMITTING && !turn_;
    const auto charge = !attempt.task_id().empty() ? v1::CHARGE_STATE_MADE
                        : perhaps_sent             ? v1::CHARGE_STATE_UNKNOWN
                                                   : v1::CHARGE_STATE_NONE;
    EndAttempt(generation(), Now(), "cancelled", world_.catalog.Charge(generation().spec(), charge));
  }
  turn_.reset();
  *generation().mutable_charge() = TotalCharge(generation(), world_.catalog);
  record_.clear_fetch_url();
  co_await Record(v1::GENERATION_STATE_CANCELLED);
}

// What is recorded stays as it is, but for a request that certainly did not leave: a restart can send that one, while
// SUBMITTING would tell it that nobody knows.
awaitable<void> Lifecycle::Suspended() {
  if (state() != v1::GENERATION_STATE_SUBMITTING || !turn_) co_return;
  const v1::Attempt& attempt = CurrentAttempt(generation());
  if (!attempt.has_end_time()) {
    EndAttempt(generation(), Now(), "cancelled", world_.catalog.Charge(generation().spec(), v1::CHARGE_STATE_NONE));
  }
  if (attempt.charge().state() == v1::CHARGE_STATE_NONE) co_await Record(v1::GENERATION_STATE_QUEUED);
}

}  // namespace easel::generation
