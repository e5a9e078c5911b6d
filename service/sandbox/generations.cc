#include "sandbox/generations.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "sandbox/digest.h"
#include "sandbox/fault_reply.h"
#include "sandbox/generation_reply.h"

namespace easel::sandbox {
namespace {

namespace asio = boost::asio;

http::ReplyHead JsonHead() {
  http::ReplyHead head;
  head.content_type = "application/json; charset=UTF-8";
  return head;
}

// What a sync generation that fails answers; nothing is charged for it.
ErrorReply FailureReply(const Outcome& outcome) {
  const auto [code, message] = FailureOf(outcome);
  return BusinessError(code, message);
}

}  // namespace

Generations::Generations(const SandboxOptions& options, Records& records, FaultBook& faults)
    : options_(options), records_(records), faults_(faults) {}

asio::awaitable<void> Generations::Submit(bool async, const http::Request& request, http::Responder& responder) {
  Submission submission;
  submission.async = async;
  std::optional<ErrorReply> refusal = ReadSubmission(request, options_, submission);
  if (refusal) co_return co_await Refuse(submission, *std::move(refusal), responder);

  const std::string scope = absl::StrCat(Sha256Hex(submission.prompt), submission.model);
  const Fault fault =
      faults_.Strike(Fault::At::kSubmit, submission.model, submission.faults, scope).value_or(Fault{});
  if (!fault.after_accept) co_await Pause(fault.slow_seconds);
  if (ReplacesAnswer(fault) && !fault.after_accept) {
    const std::optional<ErrorReply> error = ErrorOf(fault);
    records_.Refuse(submission, NameOf(fault), error ? error->head.status : 0);
    co_return co_await Misbehave(fault, responder);
  }
  refusal = CheckLimits(submission);
  if (refusal) co_return co_await Refuse(submission, *std::move(refusal), responder);

  const Outcome outcome =
      faults_.Strike(Fault::At::kAccept, submission.model, submission.faults, scope).value_or(Fault{}).outcome;
  Task made = MakeTask(submission, outcome);
  if (!async && outcome.fail) {
    co_await Pause(absl::ToDoubleSeconds(made.ready - made.created));
    co_return co_await Refuse(submission, FailureReply(outcome), responder);
  }
  const std::shared_ptr<const Task> task = records_.Accept(std::move(made));
  if (fault.after_accept) co_await Pause(fault.slow_seconds);
  if (ReplacesAnswer(fault)) co_return co_await Misbehave(fault, responder);
  co_await Answer(*task, fault.cut, request, responder);
}

asio::awaitable<void> Generations::Answer(const Task& task, bool cut, const http::Request& request,
                                          http::Responder& responder) {
  std::string body;
  if (task.submission.async) {
    body = AcceptedBody(task);
  } else {
    co_await Pause(absl::ToDoubleSeconds(task.ready - absl::Now()));
    body = SyncBody(task, std::string(request.Header("Host").value_or("")));
  }
  co_await SendMaybeCut(cut, JsonHead(), body, responder);
}

asio::awaitable<void> Generations::Poll(std::string id, const http::Request& request, http::Responder& responder) {
  std::string key;
  std::optional<ErrorReply> refusal = CheckKey(request, options_, key);
  const std::shared_ptr<const Task> task = records_.FindTask(id);
  if (!refusal && (task == nullptr || !task->submission.async || task->submission.key != key)) {
    refusal = BusinessError(1214, "id is invalid: there is no such task");
  }
  if (refusal) {
    co_await responder.Send(std::move(refusal->head), std::move(refusal->body));
    co_return;
  }
  records_.CountPoll(*task);
  const Fault fault =
      faults_.Strike(Fault::At::kPoll, task->submission.model, task->submission.faults, task->id).value_or(Fault{});
  co_await Pause(fault.slow_seconds);
  if (ReplacesAnswer(fault)) co_return co_await Misbehave(fault, responder);
  const std::string body = ResultBody(*task, absl::Now() >= task->ready, std::string(request.Header("Host").value_or("")));
  co_await SendMaybeCut(fault.cut, JsonHead(), body, responder);
}

asio::awaitable<void> Generations::Refuse(const Submission& submission, ErrorReply refusal, http::Responder& responder) {
  records_.Refuse(submission, refusal.code, refusal.head.status);
  co_await responder.Send(std::move(refusal.head), std::move(refusal.body));
}

std::optional<ErrorReply> Generations::CheckLimits(const Submission& submission) {
  const std::string& request_id = submission.request_id;
  if (options_.reject_duplicates && !request_id.empty() && records_.Knows(submission.key, request_id)) {
    return BusinessError(1231, absl::StrCat("You already have a request: ", request_id));
  }
  const int unfinished = records_.Unfinished(submission.key, submission.model, absl::Now());
  if (options_.concurrency > 0 && unfinished >= options_.concurrency) return BusinessError(1302);
  return std::nullopt;
}

Task Generations::MakeTask(const Submission& submission, const Outcome& outcome) {
  Task task;
  task.submission = submission;
  task.outcome = outcome;
  task.created = absl::Now();
  task.ready = task.created + RenderTime(submission, options_.latency_scale);
  const absl::TimeZone china = absl::FixedTimeZone(8 * 3600);
  const std::string stamped = absl::FormatTime("%Y%m%d%H%M%S", task.created, china) + RandomHex(16);
  task.id = submission.async ? absl::StrCat(1'000'000'000'000'000'000 + random_() % 8'000'000'000'000'000'000) : stamped;
  task.request_id = submission.request_id.empty() ? stamped : submission.request_id;
  if (outcome.signed_url || options_.signed_urls) {
    // Always with an encoded '+' and '=', which a careless client decodes or encodes once more.
    const std::string signature = RandomHex(10) + "%2B" + RandomHex(12) + "%2F" + RandomHex(4) + "%3D";
    task.file = stamped + "_watermark.png";
    task.query = absl::StrCat("UCloudPublicKey=TOKEN_", RandomHex(8), "&Signature=", signature,
                              "&Expires=", absl::ToUnixSeconds(task.created + absl::Hours(24 * 7)));
  } else {
    task.file = absl::StrCat(absl::ToUnixMillis(task.ready), "-", RandomHex(32), ".png");
    task.query = absl::StrCat("ufileattname=", stamped, "_watermark.png");
  }
  return task;
}

std::string Generations::RandomHex(int digits) {
  std::string hex;
  while (hex.size() < static_cast<std::size_t>(digits)) hex += absl::StrFormat("%016x", random_());
  return hex.substr(0, static_cast<std::size_t>(digits));
}

}  // namespace easel::sandbox
