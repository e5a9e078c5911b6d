#include "http/endpoints.h"

#include <string_view>

#include "http/plain_text.h"

namespace easel::http {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kImages = "/images/";
constexpr char kIndex[] =
    "Easel makes images with GLM-Image and CogView-4. Its API is gRPC (easel.v1.ImageService), on another port.\n"
    "\n"
    "/metrics      what Prometheus reads\n"
    "/healthz      200 while the process lives\n"
    "/readyz       200 while it can do its work\n"
    "/images/{id}  a kept image, by the signed link of its Generation";

}  // namespace

Endpoints::Endpoints(const SignedImageLinks& links, ImageSource images, std::vector<Check> checks,
                     std::function<std::string()> metrics_text)
    : images_(links, std::move(images)), checks_(std::move(checks)), metrics_text_(std::move(metrics_text)) {}

asio::awaitable<void> Endpoints::Handle(const Request& request, Responder& responder) {
  const std::string& path = request.path;
  if (request.method != "GET" && request.method != "HEAD") {
    co_await SendText(responder, 405, "Only GET and HEAD are answered here.", OneHeader("Allow", "GET, HEAD"));
  } else if (path == "/metrics") {
    co_await SendMetrics(responder);
  } else if (path == "/healthz") {
    co_await SendText(responder, 200, "ok");
  } else if (path == "/readyz") {
    co_await SendReadiness(responder);
  } else if (path == "/") {
    co_await SendText(responder, 200, kIndex);
  } else if (path.starts_with(kImages)) {
    co_await images_.Serve(path.substr(kImages.size()), request, responder);
  } else {
    co_await SendText(responder, 404, "There is nothing here; / lists what there is.");
  }
}

asio::awaitable<void> Endpoints::SendMetrics(Responder& responder) {
  std::string text = metrics_text_();
  text.append("# HELP easel_ready 1 while this part can do its work.\n# TYPE easel_ready gauge\n");
  for (const Check& check : checks_) {
    const absl::Status status = co_await check.check();
    text.append("easel_ready{part=\"" + check.name + "\"} " + (status.ok() ? "1" : "0") + "\n");
  }
  ReplyHead head;
  head.content_type = "text/plain; version=0.0.4; charset=utf-8";
  co_await responder.Send(std::move(head), std::move(text));
}

asio::awaitable<void> Endpoints::SendReadiness(Responder& responder) {
  std::string causes;
  if (draining_) causes.append("shutting down\n");
  for (const Check& check : checks_) {
    const absl::Status status = co_await check.check();
    if (!status.ok()) causes.append(check.name + ": " + std::string(status.message()) + "\n");
  }
  if (causes.empty()) {
    co_await SendText(responder, 200, "ok");
  } else {
    causes.pop_back();
    co_await SendText(responder, 503, std::move(causes));
  }
}

}  // namespace easel::http
