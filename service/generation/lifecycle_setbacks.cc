#include <algorithm>
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

// Reasons that ask the caller to come again, which is wrong where something may have been charged.
bool InvitesRepeat(v1::ErrorReason reason) {
  return reason == v1::ERROR_REASON_QUEUE_TIMEOUT || reason == v1::ERROR_REASON_UPSTREAM_BUSY ||
         CodeOf(reason) == absl::StatusCode::kUnavailable;
}

// What an ambiguous outcome tells of the upstream.
Governor::Answer AnswerOf(Taken taken) {
  switch (taken) {
    case Taken::kNo:
      return Governor::Answer::kFailed;
    case Taken::kYes:
      return Governor::Answer::kOther;
    case Taken::kUnknown:
      return Governor::Answer::kUnanswered;
  }
  return Governor::Answer::kOther;
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

// The record says that a request may have left, and this process did not send it: nobody knows what became of it.
awaitable<void> Lifecycle::OutcomeWasLost() {
  if (origin_ == Origin::kUnsent) {
    CloseAttempt("not_sent", v1::CHARGE_STATE_NONE);
    co_await Record(v1::GENERATION_STATE_QUEUED);
    co_return;
  }
  CloseAttempt("restart", v1::CHARGE_STATE_UNKNOWN);
  if (MayResubmit()) {
    co_await Record(v1::GENERATION_STATE_QUEUED);
    co_return;
  }
  Error error{.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN,
              .message = "The service stopped while the request was on its way to the upstream. It may have been made "
                         "and charged; it was not sent again."};
  co_await Fail(std::move(error));
}

// It was recorded as SUBMITTING, and then this process was not sure any more that it is the one who may send it.
awaitable<void> Lifecycle::NotSent() {
  CloseAttempt("not_sent", v1::CHARGE_STATE_NONE);
  turn_.reset();
  co_await Record(v1::GENERATION_STATE_QUEUED);
}

// The upstream did not take it, or nobody knows: what happens next is the table of README, "Errors".
awaitable<void> Lifecycle::Refused(UpstreamError error) {
  CloseAttempt(error.code, ChargeOf(error.taken));
  if (Interrupted() && error.cancelled) co_return;

  const bool again = MayGoAgain(error);
  turn_.reset();
  if (again && std::max(Now(), NextTry()) < Limit(record_.retry_until())) {
    refusal_ = std::move(error);
    co_await Record(v1::GENERATION_STATE_QUEUED);
    co_return;
  }
  for (const auto& entry : error.content_filter) *generation().add_content_filter() = entry;
  co_await Fail(Describe(error));
}

void Lifecycle::CloseAttempt(std::string_view code, v1::ChargeState charge) {
  EndAttempt(generation(), Now(), code, Charge(charge));
  const bool rejects_duplicates = TermsOf(CurrentAttempt(generation()).upstream()).rejects_duplicates;
  if (rejects_duplicates && charge != v1::CHARGE_STATE_NONE) SettleEarlierAttempts(generation());
}

// Tells the governor and the breaker, and decides whether another submission may be of use; time is another question.
bool Lifecycle::MayGoAgain(const UpstreamError& error) {
  const bool free = error.taken == Taken::kNo;
  switch (error.reason) {
    case v1::ERROR_REASON_UPSTREAM_CREDENTIALS:
    case v1::ERROR_REASON_UPSTREAM_QUOTA:
      turn_->Report(Governor::Answer::kRefusedKey);
      refused_.push_back(&turn_->account());
      return free && (Excluded().size() < world_.models.InUse().size() || FallBack());
    case v1::ERROR_REASON_UPSTREAM_BUSY:
      turn_->Report(Governor::Answer::kBusy, error.retry_after);
      return free;
    case v1::ERROR_REASON_UPSTREAM_OVERLOADED:
      turn_->Report(Governor::Answer::kOverloaded, error.retry_after);
      if (free && !world_.admission.Takes(model_, Excluded())) FallBack();
      return free;
    case v1::ERROR_REASON_UPSTREAM_UNAVAILABLE:
      turn_->Report(Governor::Answer::kFailed);
      Rest(error);
      return free;
    case v1::ERROR_REASON_OUTCOME_UNKNOWN:
      turn_->Report(AnswerOf(error.taken));
      Rest(error);
      return free || (error.taken == Taken::kUnknown && MayResubmit());
    default:
      turn_->Report(Governor::Answer::kOther);
      return false;  // rejected, blocked, defect
  }
}

// "A possible second charge is accepted": a second, not one for each try.
bool Lifecycle::MayResubmit() const {
  const v1::Attempt& last = *record_.generation().attempts().rbegin();
  if (TermsOf(last.upstream()).rejects_duplicates && AccountOf(last) != nullptr) return true;
  const auto& attempts = record_.generation().attempts();
  const auto unknown = std::count_if(attempts.begin(), attempts.end(), [](const v1::Attempt& attempt) {
    return attempt.charge().state() == v1::CHARGE_STATE_UNKNOWN;
  });
  return record_.allow_resubmission() && unknown <= 1;
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
  CloseAttempt(error.code, charge);
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
    const bool perhaps_sent = state() == v1::GENERATION_STATE_SUBMITTING && !turn_ && origin_ != Origin::kUnsent;
    const auto charge = !attempt.task_id().empty() ? v1::CHARGE_STATE_MADE
                        : perhaps_sent             ? v1::CHARGE_STATE_UNKNOWN
                                                   : v1::CHARGE_STATE_NONE;
    CloseAttempt("cancelled", charge);
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
    CloseAttempt("cancelled", v1::CHARGE_STATE_NONE);
  }
  if (attempt.charge().state() == v1::CHARGE_STATE_NONE) co_await Record(v1::GENERATION_STATE_QUEUED);
}

}  // namespace easel::generation
