#include "generation/lifecycle.h"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "absl/strings/str_cat.h"
#include "generation/attempts.h"
#include "generation/download.h"
#include "generation/error.h"
#include "generation/live_generation.h"
#include "generation/time.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// A fresh task may be unknown to the upstream's result endpoint for a moment.
constexpr int kUnknownTaskPolls = 3;
// What is delivered and is no image is fetched again, for the upstream's image host is eventually consistent.
constexpr int kInvalidImageFetches = 3;
constexpr int kFetchesOfOneUrl = 4;
constexpr absl::Duration kRetryWhenBusy = absl::Seconds(5);

class Lifecycle {
 public:
  Lifecycle(const World& world, std::shared_ptr<LiveGeneration> live, Admission::Place place, Origin origin)
      : world_(world), live_(std::move(live)), place_(std::move(place)), origin_(origin), record_(*live_->snapshot()),
        began_(world.clock.Now()) {}

  awaitable<void> Run();

 private:
  // Each step begins at what the record says and ends by recording what comes next.
  awaitable<void> TakeTurn();  // QUEUED     -> SUBMITTING
  awaitable<void> Submit();    // SUBMITTING -> RENDERING | FETCHING | QUEUED | end
  awaitable<void> Render();    // RENDERING  -> FETCHING | end
  awaitable<void> Fetch();     // FETCHING   -> SUCCEEDED | end

  awaitable<void> Refused(UpstreamError error);
  awaitable<void> PollFailed(const UpstreamError& error);
  awaitable<void> FetchFailed(const Fetched& fetched, int round);
  awaitable<void> Found(ImageReady ready);
  awaitable<void> Succeed(imaging::ImageFacts info);
  awaitable<void> Fail(Error error);
  awaitable<void> Cancelled();

  // Records the change of state, waiting for as long as the store cannot; false: the record is not ours any more.
  awaitable<bool> Record(v1::GenerationState state);
  awaitable<bool> IsRecorded();
  void CountEnd() const;
  // Waits, unless a wish interrupts it. The time counts as waiting, not as this service's own.
  awaitable<void> Wait(absl::Duration duration);

  bool Interrupted() const { return live_->wish() != LiveGeneration::Wish::kGoOn; }
  v1::GenerationState state() const { return record_.generation().state(); }
  v1::Generation& generation() { return *record_.mutable_generation(); }
  absl::Time Now() const { return world_.clock.Now(); }
  ImageModel* Account() const;
  bool HasOtherAccount() const;
  absl::Duration Backoff(int round) const {
    return Jittered(Doubled(world_.pacing.retry_first, round, world_.pacing.retry_last), world_.random());
  }

  const World& world_;
  const std::shared_ptr<LiveGeneration> live_;
  Admission::Place place_;
  const Origin origin_;
  ::easel::generation::Record record_;

  // What this process knows and a restart need not.
  const absl::Time began_;
  std::optional<Admission::Turn> turn_;
  bool gone_ = false;  // the record was taken over or the store is damaged: stop
  std::vector<const ImageModel*> not_at_;
  int retries_ = 0;
  int unknown_task_polls_ = 0;
  int invalid_fetches_ = 0;
  absl::Time not_before_ = absl::InfinitePast();
  absl::Time submitted_at_ = absl::InfinitePast();
  absl::Duration waited_;  // for turns, for the upstream, between polls
};

// The whole life, top to bottom: a restart enters at the state that was recorded last.
awaitable<void> Lifecycle::Run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!HasEnded(record_) && !gone_) {
    if (live_->wish() == LiveGeneration::Wish::kSuspend) co_return;
    if (live_->wish() == LiveGeneration::Wish::kAbort) {
      co_await Cancelled();
      continue;
    }
    switch (state()) {
      case v1::GENERATION_STATE_QUEUED:
        co_await TakeTurn();
        break;
      case v1::GENERATION_STATE_SUBMITTING:
        co_await Submit();
        break;
      case v1::GENERATION_STATE_RENDERING:
        co_await Render();
        break;
      default:
        co_await Fetch();
        break;
    }
  }
}

awaitable<void> Lifecycle::TakeTurn() {
  if (const absl::Duration pause = not_before_ - Now(); pause > absl::ZeroDuration()) {
    co_await Wait(pause);
    co_return;
  }
  const absl::Time began = Now();
  turn_ = co_await world_.admission.Wait({.name = generation().name(),
                                          .caller = record_.caller(),
                                          .model = generation().spec().model(),
                                          .until = FromProto(record_.queue_until()),
                                          .not_at = not_at_,
                                          .first = !generation().attempts().empty()},
                                         std::exchange(place_, {}));
  waited_ += Now() - began;
  if (Interrupted()) co_return;
  if (!turn_) {
    co_await Fail({.reason = v1::ERROR_REASON_QUEUE_TIMEOUT,
                   .message = "Its turn did not come within the time it may wait in the queue; nothing was sent.",
                   .retry_after = kRetryWhenBusy});
    co_return;
  }
  BeginAttempt(generation(), turn_->account(), Now());
  co_await Record(v1::GENERATION_STATE_SUBMITTING);
}

awaitable<void> Lifecycle::Submit() {
  const bool may_resubmit = record_.allow_resubmission() || world_.rejects_duplicates;
  if (!turn_) {
    // The record says that a request may have left, and this process did not send it: nobody knows what became of it.
    EndAttempt(generation(), Now(), "restart", world_.catalog.Charge(generation().spec(), v1::CHARGE_STATE_UNKNOWN));
    if (may_resubmit) {
      co_await Record(v1::GENERATION_STATE_QUEUED);
    } else {
      co_await Fail({.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN,
                     .message = "The service stopped while the request was on its way to the upstream. It may have been "
                                "made and charged; it was not sent again."});
    }
    co_return;
  }
  const std::string submit_id = world_.rejects_duplicates ? SubmitId(generation()) : "";
  submitted_at_ = Now();
  Submission submission = co_await turn_->account().Submit(generation().spec(), submit_id);
  waited_ += Now() - submitted_at_;

  if (auto* error = std::get_if<UpstreamError>(&submission)) {
    co_await Refused(std::move(*error));
    co_return;
  }
  turn_->Report(Governor::Answer::kTaken);
  if (world_.rejects_duplicates) SettleEarlierAttempts(generation());
  generation().mutable_charge()->CopyFrom(world_.catalog.Charge(generation().spec(), v1::CHARGE_STATE_MADE));
  if (const auto* task = std::get_if<TaskAccepted>(&submission)) {
    CurrentAttempt(generation()).set_task_id(task->task_id);
    *CurrentAttempt(generation()).mutable_charge() = generation().charge();
    *record_.mutable_render_until() = ToProto(Now() + world_.pacing.render_timeout);
    co_await Record(v1::GENERATION_STATE_RENDERING);
  } else {
    co_await Found(std::get<ImageReady>(std::move(submission)));
  }
}

// The upstream did not take it, or nobody knows: what happens next is the table of design and README, "Errors".
awaitable<void> Lifecycle::Refused(UpstreamError error) {
  const v1::ChargeState charge = error.taken == Taken::kNo    ? v1::CHARGE_STATE_NONE
                                 : error.taken == Taken::kYes ? v1::CHARGE_STATE_MADE
                                                              : v1::CHARGE_STATE_UNKNOWN;
  EndAttempt(generation(), Now(), error.code, world_.catalog.Charge(generation().spec(), charge));
  if (world_.rejects_duplicates && error.taken == Taken::kYes) SettleEarlierAttempts(generation());
  if (Interrupted() && error.cancelled) co_return;

  bool again = false;
  switch (error.reason) {
    case v1::ERROR_REASON_UPSTREAM_CREDENTIALS:
    case v1::ERROR_REASON_UPSTREAM_QUOTA:
      turn_->Report(Governor::Answer::kRefusedKey);
      not_at_.push_back(&turn_->account());
      again = HasOtherAccount();
      break;
    case v1::ERROR_REASON_UPSTREAM_BUSY:
      turn_->Report(Governor::Answer::kBusy, error.retry_after);
      again = true;
      break;
    case v1::ERROR_REASON_UPSTREAM_OVERLOADED:
      turn_->Report(Governor::Answer::kOverloaded, error.retry_after);
      again = true;
      break;
    case v1::ERROR_REASON_UPSTREAM_UNAVAILABLE:
      not_before_ = Now() + error.retry_after.value_or(Backoff(retries_++));
      again = true;
      break;
    case v1::ERROR_REASON_OUTCOME_UNKNOWN:
      not_before_ = Now() + Backoff(retries_++);
      again = error.taken == Taken::kUnknown && (record_.allow_resubmission() || world_.rejects_duplicates);
      break;
    default:
      break;  // rejected, blocked, defect: ends
  }
  turn_.reset();
  if (again && Now() < FromProto(record_.retry_until())) {
    co_await Record(v1::GENERATION_STATE_QUEUED);
    co_return;
  }
  for (const auto& entry : error.content_filter) *generation().add_content_filter() = entry;
  co_await Fail(Describe(error));
}

awaitable<void> Lifecycle::Render() {
  ImageModel* account = Account();
  if (account == nullptr) {
    co_await Fail({.reason = v1::ERROR_REASON_UPSTREAM_CREDENTIALS,
                   .message = "The key and upstream that this task belongs to are not configured any more."});
    co_return;
  }
  if (!turn_) turn_ = world_.admission.Occupy(*account, generation().spec().model());
  const v1::Attempt& attempt = CurrentAttempt(generation());
  const absl::Time first_poll = FromProto(attempt.start_time()) + world_.pacing.poll_first;
  // Between two and five thirds of the interval: 2 to 5 seconds for the usual 3.
  const absl::Duration pause = world_.pacing.poll_interval * (2.0 / 3 + static_cast<double>(world_.random() % 1024) / 1024);
  co_await Wait(Now() < first_poll ? first_poll - Now() : pause);
  if (Interrupted()) co_return;

  const absl::Time began = Now();
  PollResult result = co_await account->Poll(attempt.task_id());
  waited_ += Now() - began;
  if (Interrupted()) co_return;
  if (auto* ready = std::get_if<ImageReady>(&result)) {
    co_await Found(std::move(*ready));
  } else if (const auto* error = std::get_if<UpstreamError>(&result)) {
    co_await PollFailed(*error);
  } else if (Now() >= FromProto(record_.render_until())) {
    UpstreamError late;
    late.reason = v1::ERROR_REASON_UPSTREAM_TIMEOUT;
    late.code = "timeout";
    late.message = "The upstream's task did not end within the time it may take.";
    co_await PollFailed(late);
  } else {
    unknown_task_polls_ = retries_ = 0;
  }
}

awaitable<void> Lifecycle::PollFailed(const UpstreamError& error) {
  const bool ended_upstream =
      error.reason == v1::ERROR_REASON_UPSTREAM_DEFECT || error.reason == v1::ERROR_REASON_CONTENT_BLOCKED;
  const bool forgotten =
      error.reason == v1::ERROR_REASON_UPSTREAM_TIMEOUT && ++unknown_task_polls_ >= kUnknownTaskPolls;
  const bool too_late = Now() >= FromProto(record_.render_until());
  if (!ended_upstream && !forgotten && !too_late) {
    co_await Wait(error.retry_after.value_or(Backoff(retries_++)));
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

awaitable<void> Lifecycle::Found(ImageReady ready) {
  if (submitted_at_ != absl::InfinitePast()) world_.history.Record(generation().spec(), Now() - submitted_at_);
  EndAttempt(generation(), Now(), "", world_.catalog.Charge(generation().spec(), v1::CHARGE_STATE_MADE));
  *generation().mutable_content_filter() = {ready.content_filter.begin(), ready.content_filter.end()};
  record_.set_fetch_url(ready.url);
  *record_.mutable_fetch_until() = ToProto(ready.expire_time.value_or(Now() + world_.pacing.fetch_timeout));
  turn_.reset();
  retries_ = 0;
  co_await Record(v1::GENERATION_STATE_FETCHING);
}

awaitable<void> Lifecycle::Fetch() {
  ImageModel* account = Account();
  // Any account can fetch: the image host takes no key.
  if (account == nullptr && !world_.models.empty()) account = world_.models.front();
  const absl::Time began = Now();
  Download download(world_.images);
  const Fetched fetched = co_await account->Fetch(record_.fetch_url(), download);
  waited_ += Now() - began;
  if (Interrupted()) co_return;
  if (fetched.outcome != Fetched::Outcome::kComplete) {
    co_await FetchFailed(fetched, retries_++);
    co_return;
  }
  const absl::StatusOr<imaging::ImageFacts> info = download.Inspect();
  if (!info.ok()) {
    if (++invalid_fetches_ < kInvalidImageFetches) {
      co_await Wait(Backoff(retries_++));
      co_return;
    }
    co_await Fail({.reason = v1::ERROR_REASON_IMAGE_INVALID,
                   .message = absl::StrCat("What the upstream delivered is not a whole image: ",
                                           std::string(info.status().message()))});
    co_return;
  }
  if (const absl::Status kept = co_await download.Keep(info->sha256); !kept.ok()) {
    world_.on_fault(kept);
    co_await Wait(Backoff(retries_++));
    co_return;
  }
  co_await Succeed(*info);
}

awaitable<void> Lifecycle::FetchFailed(const Fetched& fetched, int round) {
  const bool has_task = !CurrentAttempt(generation()).task_id().empty();
  const bool late = Now() >= FromProto(record_.fetch_until());
  // A task may give another address where this one keeps failing.
  const bool stale = has_task && round % kFetchesOfOneUrl == kFetchesOfOneUrl - 1;
  const bool expired = fetched.outcome == Fetched::Outcome::kExpired || late;
  if (fetched.outcome == Fetched::Outcome::kSinkFailed) world_.on_fault(fetched.status);
  const bool lost = !has_task && (late || (expired && round >= kFetchesOfOneUrl));
  if (fetched.outcome == Fetched::Outcome::kForbidden || lost) {
    co_await Fail({.reason = v1::ERROR_REASON_IMAGE_UNAVAILABLE,
                   .message = absl::StrCat("The image was made and could not be downloaded: ",
                                           std::string(fetched.status.message()))});
    co_return;
  }
  co_await Wait(Backoff(round));
  if (!(expired || stale) || Interrupted()) co_return;
  ImageModel* account = Account();
  if (account == nullptr) co_return;
  PollResult again = co_await account->Poll(CurrentAttempt(generation()).task_id());
  if (auto* ready = std::get_if<ImageReady>(&again)) {
    record_.set_fetch_url(ready->url);
    *record_.mutable_fetch_until() = ToProto(ready->expire_time.value_or(Now() + world_.pacing.fetch_timeout));
  } else if (std::holds_alternative<UpstreamError>(again) && Now() >= FromProto(record_.fetch_until())) {
    co_await Fail({.reason = v1::ERROR_REASON_IMAGE_UNAVAILABLE,
                   .message = "The image was made, its URL expired, and the upstream gives no fresh one."});
  }
}

awaitable<void> Lifecycle::Succeed(imaging::ImageFacts info) {
  v1::Image& image = *generation().mutable_image();
  image.set_upstream_url(record_.fetch_url());
  image.set_content_type(std::string(info.content_type));
  image.set_width(info.width);
  image.set_height(info.height);
  image.set_size_bytes(info.size_bytes);
  image.set_sha256(info.sha256);
  const v1::Size& asked = generation().spec().size();
  if (info.width != asked.width() || info.height != asked.height()) {
    image.add_warnings(absl::StrCat("asked for ", asked.width(), "x", asked.height(), ", and the upstream made ",
                                    info.width, "x", info.height));
  }
  record_.clear_fetch_url();
  co_await Record(v1::GENERATION_STATE_SUCCEEDED);
}

awaitable<void> Lifecycle::Fail(Error error) {
  turn_.reset();
  *generation().mutable_charge() = TotalCharge(generation(), world_.catalog);
  error.metadata["generation"] = generation().name();
  DescribeCharge(generation().charge(), error.metadata);
  if (!generation().attempts().empty()) {
    const v1::Attempt& attempt = CurrentAttempt(generation());
    if (!attempt.task_id().empty()) error.metadata["task_id"] = attempt.task_id();
  }
  if (!record_.fetch_url().empty()) error.metadata["upstream_url"] = WithoutQuery(record_.fetch_url());
  if (generation().charge().state() != v1::CHARGE_STATE_NONE) {
    // A repeat could pay again: nothing may invite one.
    error.retry_after.reset();
    if (CodeOf(error.reason) == absl::StatusCode::kUnavailable) error.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN;
  }
  *generation().mutable_error() = ToRpcStatus(ToStatus(error));
  co_await Record(v1::GENERATION_STATE_FAILED);
}

awaitable<void> Lifecycle::Cancelled() {
  // A task that was left alone, or an image that was not fetched, was paid for.
  if (!generation().attempts().empty() && !CurrentAttempt(generation()).has_end_time()) {
    v1::Attempt& attempt = CurrentAttempt(generation());
    const bool perhaps_sent = state() == v1::GENERATION_STATE_SUBMITTING && origin_ == Origin::kResumed && !turn_;
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

awaitable<bool> Lifecycle::Record(v1::GenerationState state) {
  const v1::GenerationState from = this->state();
  v1::Generation& generation = this->generation();
  generation.set_state(state);
  generation.set_revision(generation.revision() + 1);
  generation.set_cancel_requested(live_->cancel_marked());
  *generation.mutable_update_time() = ToProto(Now());
  if (HasEnded(state)) {
    *generation.mutable_end_time() = generation.update_time();
    *generation.mutable_expire_time() = ToProto(Now() + world_.pacing.retention);
  }
  absl::Status recorded = co_await world_.store.Update(record_);
  for (int round = 0; !recorded.ok(); ++round) {
    if (absl::IsAborted(recorded) && co_await IsRecorded()) break;
    world_.on_fault(recorded);
    const bool hopeless = absl::IsAborted(recorded) || absl::IsNotFound(recorded) || absl::IsDataLoss(recorded);
    if (hopeless || live_->wish() == LiveGeneration::Wish::kSuspend) {
      gone_ = true;
      co_return false;
    }
    co_await Wait(Backoff(round));
    recorded = co_await world_.store.Update(record_);
  }
  live_->Publish(std::make_shared<const ::easel::generation::Record>(record_));
  world_.metrics.StateChanged(from, state);
  if (HasEnded(state)) CountEnd();
  co_return true;
}

// A change whose commit was reported as failed may have reached the store all the same.
awaitable<bool> Lifecycle::IsRecorded() {
  const absl::StatusOr<::easel::generation::Record> kept = co_await world_.store.Get(generation().name());
  co_return kept.ok() && kept->SerializeAsString() == record_.SerializeAsString();
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

// Where the current attempt belongs: a generation resumes only there.
ImageModel* Lifecycle::Account() const {
  const v1::Attempt& attempt = *record_.generation().attempts().rbegin();
  for (ImageModel* model : world_.models) {
    if (model->upstream() == attempt.upstream() && model->key_fingerprint() == attempt.key_fingerprint()) return model;
  }
  return nullptr;
}

bool Lifecycle::HasOtherAccount() const {
  return std::any_of(world_.models.begin(), world_.models.end(), [&](const ImageModel* model) {
    return std::find(not_at_.begin(), not_at_.end(), model) == not_at_.end();
  });
}

}  // namespace

awaitable<void> RunLifecycle(const World& world, std::shared_ptr<LiveGeneration> live, Admission::Place place,
                             Origin origin) {
  Lifecycle lifecycle(world, std::move(live), std::move(place), origin);
  co_await lifecycle.Run();
}

}  // namespace easel::generation
