#include "tests/fakes/scripted_image_model.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/fakes/fake_image_model.h"

namespace easel::fakes {

namespace asio = boost::asio;
using generation::Fetched;
using generation::ImageReady;
using generation::Submission;
using generation::Taken;
using generation::UpstreamError;

namespace {

constexpr char kUrl[] = "https://images.test/picture.png?signature=s3cret";

UpstreamError Closed(Taken taken) {
  UpstreamError error;
  error.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN;
  error.taken = taken;
  error.code = "connection";
  error.message = "The connection was closed.";
  error.cancelled = true;
  return error;
}

UpstreamError Duplicate() {
  UpstreamError error;
  error.reason = v1::ERROR_REASON_OUTCOME_UNKNOWN;
  error.taken = Taken::kYes;
  error.code = "1231";
  error.message = "The upstream has this request already.";
  return error;
}

template <typename T>
T Next(std::deque<T>& script, const std::optional<T>& every, T otherwise) {
  if (script.empty()) return every.value_or(std::move(otherwise));
  T next = std::move(script.front());
  script.pop_front();
  return next;
}

bool Costs(const Submission& answer) {
  const auto* error = std::get_if<UpstreamError>(&answer);
  return error == nullptr || error->taken != Taken::kNo;
}

}  // namespace

void Hold::Open() {
  closed_ = false;
  for (asio::steady_timer* timer : std::exchange(waiting_, {})) timer->cancel();
}

asio::awaitable<bool> Hold::Pass() {
  if (!closed_) co_return true;
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  struct Place {
    ~Place() { hold.waiting_.erase(&timer); }
    Hold& hold;
    asio::steady_timer& timer;
  } place{*this, timer};
  waiting_.insert(&timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return !waiting_.contains(&timer);
}

void ScriptedImageModel::BehaveAgain() {
  submits_.clear();
  polls_.clear();
  fetches_.clear();
  every_submit_.reset();
  every_poll_.reset();
  every_fetch_.reset();
}

Submission ScriptedImageModel::Answer(const std::string& submit_id) {
  if (rejects_duplicates_ && taken_ids_.contains(submit_id)) return Duplicate();
  Submission usual = ImageReady{.url = kUrl, .content_filter = {}};
  if (uses_tasks_) usual = generation::TaskAccepted{"task-" + std::to_string(submissions())};
  Submission answer = Next(submits_, every_submit_, std::move(usual));
  if (Costs(answer)) {
    ++paid_;
    if (!submit_id.empty()) taken_ids_.insert(submit_id);
  }
  return answer;
}

asio::awaitable<Submission> ScriptedImageModel::Submit(const v1::ImageSpec& spec, generation::SubmitIds ids) {
  submit_ids_.emplace_back(ids.submit_id);
  traceparents_.emplace_back(ids.traceparent);
  prompts_.push_back(spec.prompt());
  asked_.push_back(spec);
  picture_ = PngOf(spec.size().width(), spec.size().height(), 2000);
  Submission answer = Answer(submit_ids_.back());
  const bool passed = co_await submit_hold_.Pass();
  if (!passed) co_return Closed(taken_when_cancelled_);
  co_return answer;
}

asio::awaitable<generation::PollResult> ScriptedImageModel::Poll(std::string_view task_id) {
  polled_.emplace_back(task_id);
  const bool passed = co_await poll_hold_.Pass();
  if (!passed) co_return Closed(Taken::kYes);
  generation::PollResult usual = ImageReady{.url = kUrl, .content_filter = {}};
  co_return Next(polls_, every_poll_, std::move(usual));
}

asio::awaitable<Fetched> ScriptedImageModel::Fetch(std::string_view url, generation::ByteSink& sink) {
  fetched_.emplace_back(url);
  const bool passed = co_await fetch_hold_.Pass();
  Fetched end{.outcome = Fetched::Outcome::kCancelled, .status = absl::CancelledError("cancelled")};
  if (!passed) co_return end;
  const Delivery delivery = Next(fetches_, every_fetch_, Delivery(picture_));
  if (const auto* failure = std::get_if<Fetched>(&delivery)) co_return *failure;
  const std::string& bytes = std::get<std::string>(delivery);
  end.outcome = Fetched::Outcome::kSinkFailed;
  end.status = co_await sink.Begin(static_cast<std::int64_t>(bytes.size()));
  constexpr std::size_t kPiece = 700;
  for (std::size_t at = 0; end.status.ok() && at < bytes.size(); at += kPiece) {
    end.status = co_await sink.Append(std::string_view(bytes).substr(at, kPiece));
  }
  if (end.status.ok()) end.outcome = Fetched::Outcome::kComplete;
  co_return end;
}

}  // namespace easel::fakes
