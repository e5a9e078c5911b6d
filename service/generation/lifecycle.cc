#include "generation/lifecycle.h"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "generation/attempts.h"
#include "generation/download.h"
#include "generation/lifecycle_steps.h"
#include "generation/time.h"
#include "generation/trace.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// What is delivered and is no image is fetched again, for the upstream's image host is eventually consistent.
constexpr int kInvalidImageFetches = 3;

}  // namespace

Lifecycle::Lifecycle(const World& world, std::shared_ptr<LiveGeneration> live, Standing standing, Origin origin)
    : world_(world), live_(std::move(live)), place_(std::move(standing.place)), origin_(origin), record_(*live_->snapshot()),
      began_(world.clock.Now()), turn_(std::move(standing.turn)), lease_(standing.lease), model_(record_.generation().spec().model()) {
  const absl::Duration half = (Limit(record_.retry_until()) - began_) / 2;
  fall_back_at_ = began_ + std::min(world_.pacing.fall_back_after, half);
  // What went over to another model before a restart stays there.
  if (origin_ == Origin::kResumed && record_.allow_fallback() && !generation().attempts().empty()) {
    model_ = ModelOf(CurrentAttempt(generation()), generation());
  }
}

// The whole life, top to bottom: a restart enters at the state that was recorded last.
awaitable<void> Lifecycle::Run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!HasEnded(record_) && !gone_) {
    if (live_->wish() == LiveGeneration::Wish::kSuspend) {
      co_await Suspended();
      co_return;
    }
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

awaitable<void> Lifecycle::Submit() {
  if (!turn_) {
    co_await OutcomeWasLost();
    co_return;
  }
  if (!MaySend()) {
    co_await NotSent();
    co_return;
  }
  const bool rejects_duplicates = TermsOf(turn_->account().upstream()).rejects_duplicates;
  const std::string submit_id = rejects_duplicates ? SubmitId(generation()) : "";
  const std::string traceparent = AttemptTraceparent(record_, CurrentAttempt(generation()));
  const SubmitIds ids{submit_id, traceparent};
  const v1::ImageSpec asked = Asked();
  submitted_at_ = Now();
  Submission submission = co_await turn_->account().Submit(asked, ids);
  waited_ += Now() - submitted_at_;

  if (auto* error = std::get_if<UpstreamError>(&submission)) {
    co_await Refused(std::move(*error));
    co_return;
  }
  turn_->Report(Governor::Answer::kTaken);
  if (rejects_duplicates) SettleEarlierAttempts(generation());
  v1::Attempt& attempt = CurrentAttempt(generation());
  *attempt.mutable_charge() = Charge(v1::CHARGE_STATE_MADE);
  *generation().mutable_charge() = TotalCharge(generation(), world_.catalog);
  if (const auto* task = std::get_if<TaskAccepted>(&submission)) {
    attempt.set_task_id(task->task_id);
    *record_.mutable_render_until() = ToProto(Now() + world_.pacing.render_timeout);
    co_await Record(v1::GENERATION_STATE_RENDERING);
  } else {
    co_await Found(std::get<ImageReady>(std::move(submission)));
  }
}

awaitable<void> Lifecycle::Render() {
  ImageModel* account = Account();
  if (account == nullptr) {
    Error error{.reason = v1::ERROR_REASON_UPSTREAM_CREDENTIALS,
                .message = "The key and upstream that this task belongs to are not configured any more."};
    co_await Fail(std::move(error));
    co_return;
  }
  const v1::Attempt& attempt = CurrentAttempt(generation());
  if (!turn_) turn_ = world_.admission.Occupy(*account, ModelOf(attempt, generation()));
  place_ = {};
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
  } else if (Now() >= Limit(record_.render_until())) {
    UpstreamError late;
    late.reason = v1::ERROR_REASON_UPSTREAM_TIMEOUT;
    late.code = "timeout";
    late.message = "The upstream's task did not end within the time it may take.";
    co_await PollFailed(late);
  } else {
    unknown_task_polls_ = retries_ = 0;
  }
}

awaitable<void> Lifecycle::Found(ImageReady ready) {
  if (submitted_at_ != absl::InfinitePast()) world_.history.Record(Asked(), Now() - submitted_at_);
  CloseAttempt("", v1::CHARGE_STATE_MADE);
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
  const AccountList::Models& others = world_.models.InUse();
  if (account == nullptr && !others.empty()) account = others.front();
  const absl::Time began = Now();
  Download download(world_.images);
  const Fetched fetched = co_await account->Fetch(record_.fetch_url(), download);
  waited_ += Now() - began;
  if (Interrupted()) co_return;
  if (fetched.outcome != Fetched::Outcome::kComplete) {
    co_await FetchFailed(fetched);
    co_return;
  }
  const absl::StatusOr<imaging::ImageFacts> info = download.Inspect();
  if (!info.ok()) {
    if (++invalid_fetches_ < kInvalidImageFetches) {
      co_await Wait(Backoff(retries_++));
      co_return;
    }
    Error error{.reason = v1::ERROR_REASON_IMAGE_INVALID,
                .message = absl::StrCat("What the upstream delivered is not a whole image: ",
                                        std::string(info.status().message()))};
    co_await Fail(std::move(error));
    co_return;
  }
  // Until the record refers to the bytes, or it is clear that it will not, nobody may remove them.
  held_.emplace(co_await world_.holds->Hold(info->sha256));
  const absl::Cleanup let_go = [this] { held_.reset(); };
  co_await HoldImage(info->sha256);
  if (Interrupted()) co_return;
  if (absl::Status kept = co_await download.Keep(info->sha256); !kept.ok()) {
    world_.holds->Doubt(info->sha256);
    const Fetched not_kept{.outcome = Fetched::Outcome::kSinkFailed, .status = std::move(kept)};
    co_await FetchFailed(not_kept);
    co_return;
  }
  co_await Succeed(*info);
  if (gone_) world_.holds->Doubt(info->sha256);
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
  if (const v1::ImageSpec made = Asked(); made.model() != generation().spec().model()) {
    image.add_warnings(absl::StrCat("asked for ", generation().spec().model(), ", which could not be had; ", made.model(),
                                    " made it, in ", std::string(QualityName(made.quality()))));
  }
  record_.clear_fetch_url();
  co_await Record(v1::GENERATION_STATE_SUCCEEDED);
}

awaitable<void> RunLifecycle(const World& world, std::shared_ptr<LiveGeneration> live, Standing standing,
                             Origin origin) {
  Lifecycle lifecycle(world, std::move(live), std::move(standing), origin);
  co_await lifecycle.Run();
}

}  // namespace easel::generation
