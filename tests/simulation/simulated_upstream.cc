#include "tests/simulation/simulated_upstream.h"

#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_image_model.h"
#include "tests/simulation/upstream_errors.h"

namespace easel::simulation {

namespace asio = boost::asio;
using asio::awaitable;
using generation::Fetched;
using generation::ImageReady;
using generation::PollResult;
using generation::Submission;
using generation::Taken;
using generation::UpstreamError;

namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);  // of a client for an answer

awaitable<bool> Cancelled() {
  co_return (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
}

}  // namespace

bool SimulatedUpstream::UsesTasks(const v1::ImageSpec& spec) const { return spec.model() == "glm-image" && spec.quality() == v1::QUALITY_HD; }

awaitable<Submission> SimulatedUpstream::Submit(const v1::ImageSpec& spec, generation::SubmitIds ids) {
  constexpr Fate kTroubles[] = {Fate::kNeverSent,     Fate::kNeverArrived, Fate::kRefused,
                                Fate::kRefused,       Fate::kRefused,      Fate::kBrokenGateway,
                                Fate::kAnswerLost,    Fate::kAnswerLate,   Fate::kAcceptedAndGateway,
                                Fate::kDefect};
  auto exchange = std::make_shared<Exchange>();
  exchange->generation = promises_.Sent(*this, spec);
  exchange->fate = dice_.Chance(weather_.submit) ? dice_.Of(kTroubles) : Fate::kAccepted;
  exchange->submit_id = std::string(ids.submit_id);
  exchange->spec = spec;
  exchange->rendering = UsesTasks(spec) ? absl::ZeroDuration() : dice_.Between(absl::Seconds(2), absl::Seconds(30));

  co_await schedule_.Sleep(dice_.Between(absl::ZeroDuration(), absl::Milliseconds(50)));  // connecting
  if (co_await Cancelled()) co_return Interrupted(Taken::kNo);
  if (exchange->fate == Fate::kNeverSent) co_return NoConnection(dice_);

  const absl::Duration there = dice_.Between(absl::ZeroDuration(), absl::Milliseconds(200));
  const absl::Duration late = exchange->fate == Fate::kAnswerLate ? kPatience : absl::ZeroDuration();
  if (exchange->fate != Fate::kNeverArrived) schedule_.After(there + late, [this, exchange] { Arrive(*exchange); });
  const bool no_answer = exchange->fate == Fate::kAnswerLost || exchange->fate == Fate::kNeverArrived || late == kPatience;
  const absl::Duration answer_after = no_answer ? dice_.Between(absl::Milliseconds(1), kPatience) : exchange->rendering;
  co_await schedule_.Sleep(there + answer_after + dice_.Between(absl::ZeroDuration(), absl::Milliseconds(200)));
  if (co_await Cancelled()) co_return Interrupted(Taken::kUnknown);
  if (!exchange->answer || no_answer) co_return NoAnswer(dice_);
  co_return *exchange->answer;
}

// A request has come, and money is taken or not.
void SimulatedUpstream::Arrive(Exchange& exchange) {
  if (exchange.fate == Fate::kBrokenGateway) {
    exchange.answer = BrokenGateway(dice_);
  } else if (Takes(exchange)) {
    Accept(exchange);
  }
}

bool SimulatedUpstream::Takes(Exchange& exchange) {
  if (weather_.dead_key) {
    exchange.answer = Refused(v1::ERROR_REASON_UPSTREAM_CREDENTIALS, "1002", 401);
  } else if (weather_.no_quota) {
    exchange.answer = Refused(v1::ERROR_REASON_UPSTREAM_QUOTA, "1113", 429);
  } else if (exchange.fate == Fate::kRefused) {
    exchange.answer = AnyRefusal(dice_);
  } else if (Busy() >= scenario_.upstream_limit) {
    exchange.answer = Refused(v1::ERROR_REASON_UPSTREAM_BUSY, "1302", 429);
  } else if (rejects_duplicates_ && !exchange.submit_id.empty() && submit_ids_.contains(exchange.submit_id)) {
    exchange.answer = Duplicate();
  } else {
    return true;
  }
  return false;
}

void SimulatedUpstream::Accept(Exchange& exchange) {
  if (!exchange.submit_id.empty()) submit_ids_.insert(exchange.submit_id);
  const std::int64_t picture = 100 + 8 * ++pictures_ + (key_fingerprint_.back() & 7);
  const std::int64_t price = catalog_.Charge(exchange.spec, v1::CHARGE_STATE_MADE).cost_micros();
  promises_.Charged(exchange.generation, price, picture);
  if (exchange.fate == Fate::kDefect) {
    exchange.answer = Defect();
  } else if (exchange.fate == Fate::kAcceptedAndGateway) {
    exchange.answer = BrokenGateway(dice_);
  } else if (UsesTasks(exchange.spec)) {
    constexpr Task::Kind kTroubles[] = {Task::Kind::kMakesImage, Task::Kind::kFails, Task::Kind::kIsBlocked,
                                        Task::Kind::kHangs};
    const bool trouble = dice_.Chance(weather_.poll);
    const absl::Time now = schedule_.Now();
    Task task{.kind = trouble ? dice_.Of(kTroubles) : Task::Kind::kMakesImage, .picture = picture, .spec = exchange.spec};
    task.known_from = now + (trouble ? dice_.Between(absl::ZeroDuration(), absl::Seconds(3)) : absl::ZeroDuration());
    task.done = now + dice_.Between(absl::Seconds(1), absl::Seconds(trouble ? 200 : 30));
    task.forgotten = trouble && dice_.Chance(0.2) ? task.done : absl::InfiniteFuture();
    const std::string id = absl::StrCat("task-", key_fingerprint_, "-", picture);
    tasks_[id] = std::move(task);
    exchange.answer = generation::TaskAccepted{id};
  } else {
    ++rendering_;
    schedule_.After(exchange.rendering, [this] { --rendering_; });
    exchange.answer = NewLink(picture, exchange.spec);
  }
}

int SimulatedUpstream::Busy() const {
  int busy = rendering_;
  for (const auto& [id, task] : tasks_) busy += schedule_.Now() < task.done ? 1 : 0;
  return busy;
}

ImageReady SimulatedUpstream::NewLink(std::int64_t picture, const v1::ImageSpec& spec) {
  constexpr Link::Kind kTroubles[] = {Link::Kind::kImage, Link::Kind::kImage, Link::Kind::kOtherSize,
                                      Link::Kind::kGarbage, Link::Kind::kForbidden};
  const bool trouble = dice_.Chance(weather_.fetch);
  const absl::Time now = schedule_.Now();
  Link link{.kind = trouble ? dice_.Of(kTroubles) : Link::Kind::kImage, .picture = picture, .spec = spec};
  link.from = now + (trouble ? dice_.Between(absl::ZeroDuration(), absl::Seconds(20)) : absl::ZeroDuration());
  link.until = trouble && dice_.Chance(0.3) ? now + dice_.Between(absl::Seconds(1), absl::Minutes(2)) : absl::InfiniteFuture();
  ImageReady ready{.url = absl::StrCat("https://images.test/", key_fingerprint_, "/", links_.size(), ".png?signature=s3cret"),
                   .content_filter = {}};
  if (link.until != absl::InfiniteFuture() && dice_.Chance(0.5)) ready.expire_time = link.until;
  links_[ready.url] = std::move(link);
  return ready;
}

awaitable<PollResult> SimulatedUpstream::Poll(std::string_view task_id) {
  const std::string id(task_id);
  const bool trouble = dice_.Chance(weather_.poll);
  co_await schedule_.Sleep(dice_.Between(absl::ZeroDuration(), trouble ? absl::Seconds(30) : absl::Milliseconds(300)));
  if (co_await Cancelled()) co_return Interrupted(Taken::kNo);
  if (trouble) co_return PollFailure(dice_);
  const absl::Time now = schedule_.Now();
  const auto it = tasks_.find(id);
  if (it == tasks_.end() || now < it->second.known_from || now >= it->second.forgotten) co_return UnknownTask();
  Task& task = it->second;
  if (now < task.done || task.kind == Task::Kind::kHangs) co_return generation::StillRendering{};
  if (task.kind == Task::Kind::kFails) co_return Defect();
  if (task.kind == Task::Kind::kIsBlocked) co_return BlockedTask();
  co_return NewLink(task.picture, task.spec);
}

std::string SimulatedUpstream::BytesOf(const Link& link) const {
  const v1::Size& size = link.spec.size();
  const auto bytes = static_cast<std::size_t>(scenario_.same_pictures ? 100 : link.picture);
  if (link.kind == Link::Kind::kGarbage) return std::string(bytes, '<');
  return fakes::PngOf(link.kind == Link::Kind::kOtherSize ? 1 : size.width(), size.height(), bytes);
}

awaitable<Fetched> SimulatedUpstream::Fetch(std::string_view url, generation::ByteSink& sink) {
  const auto it = links_.find(std::string(url));
  const bool trouble = dice_.Chance(weather_.fetch);
  const bool cut = trouble && dice_.Chance(0.5);
  Fetched end{.outcome = Fetched::Outcome::kRetry, .status = absl::UnavailableError("not there yet, or cut")};
  co_await schedule_.Sleep(dice_.Between(absl::ZeroDuration(), trouble ? absl::Seconds(20) : absl::Milliseconds(300)));
  const absl::Time now = schedule_.Now();
  if (co_await Cancelled()) {
    end.outcome = Fetched::Outcome::kCancelled;
  } else if (it != links_.end() && now >= it->second.until) {
    end.outcome = Fetched::Outcome::kExpired;
  } else if (it != links_.end() && it->second.kind == Link::Kind::kForbidden) {
    end.outcome = Fetched::Outcome::kForbidden;
  } else if (it != links_.end() && now >= it->second.from && (!trouble || cut)) {
    co_await Deliver(BytesOf(it->second), cut, sink, end);
  }
  co_return end;
}

awaitable<void> SimulatedUpstream::Deliver(std::string bytes, bool cut, generation::ByteSink& sink, Fetched& end) {
  absl::Status taken = co_await sink.Begin(static_cast<std::int64_t>(bytes.size()));
  const std::size_t half = bytes.size() / 2;
  if (taken.ok()) taken = co_await sink.Append(std::string_view(bytes).substr(0, half));
  if (taken.ok() && cut) co_return;
  if (taken.ok()) taken = co_await sink.Append(std::string_view(bytes).substr(half));
  end.outcome = taken.ok() ? Fetched::Outcome::kComplete : Fetched::Outcome::kSinkFailed;
  end.status = std::move(taken);
}

}  // namespace easel::simulation
