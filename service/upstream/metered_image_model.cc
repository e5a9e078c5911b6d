#include "upstream/metered_image_model.h"

#include <chrono>
#include <utility>

#include "upstream/http/cancellation.h"
#include "upstream/zai/error_classes.h"

namespace easel::upstream {
namespace {

using boost::asio::awaitable;
using generation::Fetched;
using generation::PollResult;
using generation::Submission;
using generation::UpstreamError;

class Stopwatch {
 public:
  absl::Duration Elapsed() const { return absl::FromChrono(std::chrono::steady_clock::now() - start_); }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string_view ClassOf(const UpstreamError& error) {
  if (error.cancelled) return "cancelled";
  switch (error.reason) {
    case v1::ERROR_REASON_CONTENT_BLOCKED:
      return "blocked";
    case v1::ERROR_REASON_UPSTREAM_CREDENTIALS:
      return "credentials";
    case v1::ERROR_REASON_UPSTREAM_QUOTA:
      return "quota";
    case v1::ERROR_REASON_UPSTREAM_BUSY:
      return "busy";
    case v1::ERROR_REASON_UPSTREAM_OVERLOADED:
      return "overloaded";
    case v1::ERROR_REASON_UPSTREAM_UNAVAILABLE:
      return "unavailable";
    case v1::ERROR_REASON_OUTCOME_UNKNOWN:
      return "ambiguous";
    case v1::ERROR_REASON_UPSTREAM_DEFECT:
      return "defect";
    default:
      return "rejected";
  }
}

std::string_view ClassOf(Fetched::Outcome outcome) {
  switch (outcome) {
    case Fetched::Outcome::kComplete:
      return "ok";
    case Fetched::Outcome::kRetry:
      return "unavailable";
    case Fetched::Outcome::kExpired:
    case Fetched::Outcome::kForbidden:
      return "rejected";
    case Fetched::Outcome::kSinkFailed:
    case Fetched::Outcome::kCancelled:
      return "cancelled";
  }
  return "defect";
}

// Labels are a closed set: a code that the upstream invented is counted by its HTTP status.
std::string Label(const UpstreamError& error) {
  const bool known = ClassOfCode(error.code) || error.code.starts_with("http_") || error.code == "fail" ||
                     error.http_status == 0;
  return known ? error.code : "http_" + std::to_string(error.http_status);
}

}  // namespace

MeteredImageModel::MeteredImageModel(std::unique_ptr<generation::ImageModel> model, generation::Metrics& metrics)
    : model_(std::move(model)), metrics_(metrics) {}

void MeteredImageModel::Count(std::string_view operation, const UpstreamError* error, absl::Duration duration) {
  metrics_.UpstreamRequest(upstream(), operation, error == nullptr ? "ok" : ClassOf(*error), duration);
  if (error != nullptr && !error->cancelled) metrics_.UpstreamError(upstream(), Label(*error));
}

awaitable<Submission> MeteredImageModel::Submit(const v1::ImageSpec& spec, generation::SubmitIds ids) {
  return WithoutThrowing(SubmitNow(spec, ids));
}

awaitable<PollResult> MeteredImageModel::Poll(std::string_view task_id) { return WithoutThrowing(PollNow(task_id)); }

awaitable<Fetched> MeteredImageModel::Fetch(std::string_view url, generation::ByteSink& sink) {
  return WithoutThrowing(FetchNow(url, sink));
}

awaitable<Submission> MeteredImageModel::SubmitNow(const v1::ImageSpec& spec, generation::SubmitIds ids) {
  const Stopwatch stopwatch;
  Submission submission = co_await model_->Submit(spec, ids);
  Count("submit", std::get_if<UpstreamError>(&submission), stopwatch.Elapsed());
  co_return submission;
}

awaitable<PollResult> MeteredImageModel::PollNow(std::string_view task_id) {
  const Stopwatch stopwatch;
  PollResult result = co_await model_->Poll(task_id);
  Count("poll", std::get_if<UpstreamError>(&result), stopwatch.Elapsed());
  co_return result;
}

awaitable<Fetched> MeteredImageModel::FetchNow(std::string_view url, generation::ByteSink& sink) {
  const Stopwatch stopwatch;
  Fetched fetched = co_await model_->Fetch(url, sink);
  metrics_.UpstreamRequest(upstream(), "fetch", ClassOf(fetched.outcome), stopwatch.Elapsed());
  co_return fetched;
}

}  // namespace easel::upstream
