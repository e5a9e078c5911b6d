#include "upstream/http/curl_client.h"

#include <utility>

#include "upstream/http/cancellation.h"
#include "upstream/http/curl_loop.h"
#include "upstream/http/curl_transfer.h"

namespace easel::upstream {
namespace {

using boost::asio::awaitable;
using Kind = HttpFailure::Kind;

constexpr std::size_t kTransfersPerLoop = 100;

awaitable<bool> CallerIsCancelled() {
  const boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
  co_return IsCancelled(state);
}

HttpFailure NeverSent() { return HttpFailure{Kind::kCancelled, false, 0, "cancelled before the request was sent"}; }

awaitable<HttpResult<HttpReply>> SendNow(std::shared_ptr<CurlLoop> loop, HttpRequest request, std::size_t max_body_bytes) {
  const bool cancelled = co_await CallerIsCancelled();
  if (cancelled) co_return NeverSent();
  CurlTransfer transfer(std::move(loop), std::move(request), CurlTransfer::Body::kWhole, max_body_bytes);
  transfer.Start();
  while (!transfer.done()) {
    const bool go_on = co_await transfer.WaitForChange();
    if (!go_on) transfer.Cancel();
  }
  if (transfer.failure()) co_return *transfer.failure();
  co_return HttpReply{transfer.TakeHead(), transfer.TakeBytes()};
}

awaitable<HttpResult<std::string>> ReadNow(CurlTransfer& transfer) {
  while (!transfer.has_bytes() && !transfer.done()) {
    const bool go_on = co_await transfer.WaitForChange();
    if (!go_on) transfer.Cancel();
  }
  const bool cancelled = co_await CallerIsCancelled();
  if (cancelled) transfer.Cancel();
  if (transfer.failure() && transfer.failure()->kind == Kind::kCancelled) co_return *transfer.failure();
  if (transfer.has_bytes()) co_return transfer.TakeBytes();
  if (transfer.failure()) co_return *transfer.failure();
  co_return std::string();
}

class CurlStream : public HttpStream {
 public:
  explicit CurlStream(std::unique_ptr<CurlTransfer> transfer) : transfer_(std::move(transfer)) {}
  const HttpHead& head() const override { return transfer_->head(); }
  awaitable<HttpResult<std::string>> Read() override { return WithoutThrowing(ReadNow(*transfer_)); }

 private:
  const std::unique_ptr<CurlTransfer> transfer_;
};

awaitable<HttpResult<std::unique_ptr<HttpStream>>> OpenNow(std::shared_ptr<CurlLoop> loop, HttpRequest request) {
  const bool cancelled = co_await CallerIsCancelled();
  if (cancelled) co_return NeverSent();
  auto transfer = std::make_unique<CurlTransfer>(std::move(loop), std::move(request), CurlTransfer::Body::kStreamed, 0);
  transfer->Start();
  while (!transfer->head_complete() && !transfer->done()) {
    const bool go_on = co_await transfer->WaitForChange();
    if (!go_on) transfer->Cancel();
  }
  if (!transfer->head_complete() && transfer->failure()) co_return *transfer->failure();
  std::unique_ptr<HttpStream> stream = std::make_unique<CurlStream>(std::move(transfer));
  co_return std::move(stream);
}

}  // namespace

CurlClient::CurlClient(boost::asio::io_context& io, CurlOptions options)
    : io_(io), options_(std::move(options)), loops_{std::make_shared<CurlLoop>(io_, options_)} {}

CurlClient::~CurlClient() { Stop(); }

void CurlClient::Stop() {
  stopped_ = true;
  for (const auto& loop : loops_) loop->Stop();
}

// The first with room, so that its idle connections are used again.
std::shared_ptr<CurlLoop> CurlClient::NextLoop() {
  for (const auto& loop : loops_) {
    if (loop->running() < kTransfersPerLoop) return loop;
  }
  if (!stopped_) loops_.push_back(std::make_shared<CurlLoop>(io_, options_));
  return loops_.back();
}

awaitable<HttpResult<HttpReply>> CurlClient::Send(HttpRequest request, std::size_t max_body_bytes) {
  return WithoutThrowing(SendNow(NextLoop(), std::move(request), max_body_bytes));
}

awaitable<HttpResult<std::unique_ptr<HttpStream>>> CurlClient::Open(HttpRequest request) {
  return WithoutThrowing(OpenNow(NextLoop(), std::move(request)));
}

}  // namespace easel::upstream
