#include "sandbox/image_host.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "sandbox/directive.h"
#include "sandbox/fault_reply.h"

namespace easel::sandbox {
namespace {

namespace asio = boost::asio;

constexpr const char* kNotFound = R"({"RetCode":-148654,"ErrMsg":"file not exist"})";
constexpr const char* kBadSignature = R"({"RetCode":-148649,"ErrMsg":"signature not match"})";
constexpr const char* kLeakedKey = R"({"RetCode":-148643,"ErrMsg":"an Authorization header does not belong here"})";

asio::awaitable<void> Refuse(int status, std::string body, http::Responder& responder) {
  http::ReplyHead head;
  head.status = status;
  head.content_type = "application/json";
  co_await responder.Send(std::move(head), std::move(body));
}

asio::awaitable<void> Redirect(std::string url, http::Responder& responder) {
  http::ReplyHead head;
  head.status = 302;
  head.headers.emplace_back("Location", std::move(url));
  co_await responder.Send(std::move(head), "");
}

PictureSpec SpecOf(const Task& task, bool wrong_size) {
  const int part = wrong_size ? 2 : 1;
  return {WithoutDirectives(task.submission.prompt), task.submission.model, task.submission.width / part,
          task.submission.height / part};
}

bool IsSigned(const Task& task) { return absl::StrContains(task.query, "Signature="); }

}  // namespace

ImageHost::ImageHost(Records& records, FaultBook& faults, Gallery& gallery)
    : records_(records), faults_(faults), gallery_(gallery) {}

asio::awaitable<void> ImageHost::Fetch(std::string file, const http::Request& request, http::Responder& responder) {
  if (request.Header("Authorization")) {
    records_.CountLeakedKey();
    co_return co_await Refuse(400, kLeakedKey, responder);
  }
  const std::shared_ptr<const Task> task = records_.FindFile(file);
  const bool there = task != nullptr && absl::Now() >= task->ready && !task->outcome.fail && !task->outcome.no_image;
  if (!there) co_return co_await Refuse(404, kNotFound, responder);
  if (IsSigned(*task) && request.query != task->query) co_return co_await Refuse(403, kBadSignature, responder);

  const Fault fault =
      faults_.Strike(Fault::At::kFetch, task->submission.model, task->submission.faults, task->id).value_or(Fault{});
  co_await Pause(fault.slow_seconds);
  if (ReplacesAnswer(fault)) co_return co_await Misbehave(fault, responder);
  if (fault.not_found) co_return co_await Refuse(404, kNotFound, responder);
  if (!fault.redirect.empty()) co_return co_await Redirect(fault.redirect, responder);
  co_await Send(*task, fault, request, responder);
}

asio::awaitable<void> ImageHost::Send(const Task& task, const Fault& fault, const http::Request& request,
                                      http::Responder& responder) {
  http::ReplyHead head;
  head.content_type = "image/png";
  if (const auto name = request.Parameter("ufileattname")) {
    head.headers.emplace_back("Content-Disposition", absl::StrCat("attachment; filename=\"", *name, "\""));
  }
  if (fault.not_image) {
    const std::string page = HtmlError(200).body;
    co_await SendMaybeCut(fault.cut, std::move(head), page, responder);
    co_return;
  }
  const std::shared_ptr<const std::string> png = co_await gallery_.Png(SpecOf(task, fault.wrong_size));
  if (png == nullptr) co_return co_await Refuse(500, R"({"RetCode":-1,"ErrMsg":"the picture could not be drawn"})", responder);
  const bool counts = request.method == "GET";
  co_await SendMaybeCut(fault.cut, std::move(head), *png, responder, [this, &task, counts] {
    if (counts) records_.CountFetch(task);
  });
}

}  // namespace easel::sandbox
