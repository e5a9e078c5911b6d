#include "sandbox/sandbox.h"

#include <cmath>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "absl/strings/str_cat.h"
#include "http/http_server.h"
#include "sandbox/business_error.h"
#include "sandbox/control.h"
#include "sandbox/fault_book.h"
#include "sandbox/gallery.h"
#include "sandbox/generations.h"
#include "sandbox/image_host.h"
#include "sandbox/records.h"

namespace easel::sandbox {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kBasePath = "/api/paas/v4";
constexpr std::string_view kResults = "/async-result/";
constexpr std::string_view kImages = "/images/";
constexpr std::string_view kControl = "/sandbox";
constexpr std::size_t kPainters = 2;
constexpr std::size_t kGalleryBytes = 64 * 1024 * 1024;

asio::awaitable<void> Send(ErrorReply reply, http::Responder& responder) {
  co_await responder.Send(std::move(reply.head), std::move(reply.body));
}

// The objects of a running sandbox. Requests are served by one thread, so that nothing in here needs a lock.
class RunningSandbox final : public Sandbox {
 public:
  RunningSandbox(SandboxOptions options, std::unique_ptr<Records> records)
      : options_(std::move(options)),
        records_(std::move(records)),
        gallery_(context_.get_executor(), kPainters, kGalleryBytes),
        generations_(options_, *records_, faults_),
        images_(*records_, faults_, gallery_),
        control_(*records_, faults_),
        server_(context_.get_executor(), http::HttpServerOptions{},
                [this](const http::Request& request, http::Responder& responder) { return Route(request, responder); }),
        thread_([this] { context_.run(); }) {}

  ~RunningSandbox() override {
    server_.Stop();
    gallery_.Finish();
    work_.reset();
    thread_.join();
  }

  absl::Status Listen() { return server_.Listen(options_.listen).status(); }

  std::string address() const override { return server_.address(); }

 private:
  asio::awaitable<void> Route(const http::Request& request, http::Responder& responder) {
    const std::string_view path = request.path;
    const bool read = request.method == "GET" || request.method == "HEAD";
    if (path.starts_with(kBasePath)) {
      co_await RouteApi(path.substr(kBasePath.size()), request, responder);
    } else if (path.starts_with(kImages) && read) {
      co_await images_.Fetch(std::string(path.substr(kImages.size())), request, responder);
    } else if (path.starts_with(kControl)) {
      co_await control_.Serve(request, responder);
    } else {
      co_await Send(FrameworkError(path.starts_with(kImages) ? 405 : 404, request.path), responder);
    }
  }

  asio::awaitable<void> RouteApi(std::string_view path, const http::Request& request, http::Responder& responder) {
    const bool sync = path == "/images/generations";
    const bool async = path == "/async/images/generations";
    const bool result = path.starts_with(kResults) && path.size() > kResults.size();
    if ((sync || async) && request.method == "POST") {
      co_await generations_.Submit(async, request, responder);
    } else if (result && request.method == "GET") {
      co_await generations_.Poll(std::string(path.substr(kResults.size())), request, responder);
    } else {
      co_await Send(FrameworkError(sync || async || result ? 405 : 404, request.path), responder);
    }
  }

  const SandboxOptions options_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  FaultBook faults_;
  std::unique_ptr<Records> records_;
  Gallery gallery_;
  Generations generations_;
  ImageHost images_;
  Control control_;
  http::HttpServer server_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Start(SandboxOptions options) {
  if (!std::isfinite(options.latency_scale) || options.latency_scale < 0) {
    return absl::InvalidArgumentError("the sandbox's latency scale must be a number from 0 on");
  }
  auto records = Records::Open(options.state_directory);
  if (!records.ok()) return records.status();
  auto sandbox = std::make_unique<RunningSandbox>(std::move(options), *std::move(records));
  if (absl::Status listening = sandbox->Listen(); !listening.ok()) return listening;
  return sandbox;
}

std::string Sandbox::base_url() const { return absl::StrCat("http://", address(), "/api/paas/v4"); }

}  // namespace easel::sandbox
