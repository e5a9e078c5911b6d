#include "upstream/zai/classify.h"

#include <string>

#include "upstream/http/retry_after.h"
#include "upstream/zai/error_classes.h"
#include "upstream/zai/url_expiry.h"

namespace easel::upstream {
namespace {

using generation::ImageReady;
using generation::StillRendering;
using generation::Taken;
using generation::TaskAccepted;
using generation::UpstreamError;

ZaiReply Read(const HttpReply& reply, const MessageCleaner& cleaner) {
  ZaiReply said = ReadReply(reply.body);
  if (!cleaner.MayShow(said.error_code)) said.error_code.clear();
  for (auto& filter : said.content_filter) {
    if (!cleaner.MayShow(filter.role())) filter.clear_role();
  }
  return said;
}

ImageReady Ready(const ZaiReply& said) { return {said.image_url, ExpiryOf(said.image_url), said.content_filter}; }

bool IsSuccess(int status) { return status >= 200 && status < 300; }

std::string HttpCode(int status) { return "http_" + std::to_string(status); }

ErrorClass ClassOf(const HttpReply& reply, const ZaiReply& said) {
  if (const auto by_code = ClassOfCode(said.error_code)) return *by_code;
  return ClassOfStatus(reply.head.status, !said.error_code.empty());
}

std::string Message(const char* sentence, const UpstreamError& error, const std::string& from_upstream) {
  std::string message = std::string(sentence) + " (HTTP " + std::to_string(error.http_status);
  if (!error.code.starts_with("http_")) message += ", code " + error.code;
  message += ")";
  return from_upstream.empty() ? message : message + ": " + from_upstream;
}

UpstreamError ErrorOf(const HttpReply& reply, const ZaiReply& said, ErrorClass error_class, const MessageCleaner& cleaner) {
  const ErrorMeaning& meaning = MeaningOf(error_class);
  UpstreamError error;
  error.reason = meaning.reason;
  error.taken = meaning.taken;
  error.http_status = reply.head.status;
  error.code = said.error_code.empty() ? HttpCode(error.http_status) : said.error_code;
  error.message = Message(meaning.sentence, error, cleaner.Clean(said.error_message));
  error.content_filter = said.content_filter;
  const auto retry_after = reply.head.Find("Retry-After");
  if (meaning.waiting_helps && retry_after) error.retry_after = ParseRetryAfter(*retry_after, absl::Now());
  return error;
}

std::string CodeOf(const HttpFailure& failure) {
  switch (failure.kind) {
    case HttpFailure::Kind::kDns:
      return "dns";
    case HttpFailure::Kind::kTls:
      return "tls";
    case HttpFailure::Kind::kTimeout:
      return "timeout";
    case HttpFailure::Kind::kCancelled:
      return "cancelled";
    case HttpFailure::Kind::kTooLarge:
      return HttpCode(failure.status);
    default:
      return failure.status != 0 ? HttpCode(failure.status) : "connection";
  }
}

UpstreamError ErrorOfFailure(const HttpFailure& failure, ErrorClass error_class) {
  const ErrorMeaning& meaning = MeaningOf(error_class);
  UpstreamError error;
  error.reason = meaning.reason;
  error.taken = meaning.taken;
  error.http_status = failure.status;
  error.code = CodeOf(failure);
  error.message = std::string(meaning.sentence) + ": " + failure.message;
  if (failure.kind == HttpFailure::Kind::kCancelled) {
    error.cancelled = true;
    error.reason = v1::ERROR_REASON_GENERATION_CANCELLED;
    error.message = "the work was cancelled";
  }
  return error;
}

// The head of a refusal says enough, even if its body was cut off.
bool IsRefusal(int status) { return ClassOfStatus(status, false) != ErrorClass::kAmbiguous && !IsSuccess(status); }

UpstreamError TaskFailed(const HttpReply& reply, const ZaiReply& said, const MessageCleaner& cleaner) {
  const bool blocked = ClassOfCode(said.error_code) == ErrorClass::kBlocked;
  UpstreamError error = ErrorOf(reply, said, blocked ? ErrorClass::kBlocked : ErrorClass::kDefect, cleaner);
  error.taken = Taken::kUnknown;
  if (said.error_code.empty()) error.code = "fail";
  if (!blocked) {
    error.message = Message("the upstream reported that the generation failed", error, cleaner.Clean(said.error_message));
  }
  return error;
}

UpstreamError PollError(const HttpReply& reply, const ZaiReply& said, const MessageCleaner& cleaner) {
  const ErrorClass error_class = ClassOf(reply, said);
  switch (error_class) {
    case ErrorClass::kRejected: {
      UpstreamError error = ErrorOf(reply, said, error_class, cleaner);
      error.reason = v1::ERROR_REASON_UPSTREAM_TIMEOUT;
      error.taken = Taken::kYes;
      error.message = Message("the upstream does not know the task any more", error, cleaner.Clean(said.error_message));
      return error;
    }
    case ErrorClass::kBlocked:
      return TaskFailed(reply, said, cleaner);
    case ErrorClass::kUnavailable:
    case ErrorClass::kAmbiguous:
    case ErrorClass::kDuplicate:
    case ErrorClass::kDefect: {
      UpstreamError error = ErrorOf(reply, said, ErrorClass::kUnavailable, cleaner);
      error.message = Message("the upstream did not say how the task stands", error, cleaner.Clean(said.error_message));
      return error;
    }
    default:
      return ErrorOf(reply, said, error_class, cleaner);
  }
}

}  // namespace

generation::Submission ReadSubmission(const HttpReply& reply, bool expects_task, const MessageCleaner& cleaner) {
  const ZaiReply said = Read(reply, cleaner);
  if (IsSuccess(reply.head.status)) {
    if (said.task_status == "FAIL") return TaskFailed(reply, said, cleaner);
    if (!said.image_url.empty()) return Ready(said);
    // Errors and synchronous answers carry an id too, of the request; a task has a status.
    const bool error = !said.error_code.empty() || !said.error_message.empty();
    const bool task = !said.task_status.empty() || (expects_task && !error);
    if (!said.task_id.empty() && task) return TaskAccepted{said.task_id};
  }
  return ErrorOf(reply, said, ClassOf(reply, said), cleaner);
}

generation::UpstreamError SubmissionFailure(const HttpFailure& failure) {
  if (!failure.sent) return ErrorOfFailure(failure, ErrorClass::kUnavailable);
  const bool refused = failure.status != 0 && IsRefusal(failure.status);
  return ErrorOfFailure(failure, refused ? ClassOfStatus(failure.status, false) : ErrorClass::kAmbiguous);
}

generation::PollResult ReadPoll(const HttpReply& reply, const MessageCleaner& cleaner) {
  const ZaiReply said = Read(reply, cleaner);
  if (said.task_status == "FAIL") return TaskFailed(reply, said, cleaner);
  if (IsSuccess(reply.head.status)) {
    if (said.task_status == "PROCESSING") return StillRendering{};
    if (!said.image_url.empty()) return Ready(said);
    if (said.task_status == "SUCCESS") return ErrorOf(reply, said, ErrorClass::kDefect, cleaner);
    if (!said.task_status.empty() && said.error_code.empty()) return StillRendering{};
  }
  return PollError(reply, said, cleaner);
}

generation::UpstreamError PollFailure(const HttpFailure& failure) {
  UpstreamError error = ErrorOfFailure(failure, ErrorClass::kUnavailable);
  if (!error.cancelled) error.message = "the upstream could not be asked how the task stands: " + failure.message;
  return error;
}

}  // namespace easel::upstream
