#include "upstream/http/curl_transfer.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "upstream/http/cancellation.h"
#include "upstream/http/curl_loop.h"

namespace easel::upstream {

CurlTransfer::CurlTransfer(std::shared_ptr<CurlLoop> loop, HttpRequest request, Body body, std::size_t max_body_bytes)
    : loop_(std::move(loop)),
      request_(std::move(request)),
      body_(body),
      max_body_bytes_(max_body_bytes),
      changed_(loop_->io(), boost::asio::steady_timer::time_point::max()) {}

CurlTransfer::~CurlTransfer() {
  if (easy_ == nullptr) return;
  loop_->Remove(*this);
  loop_->ReturnEasy(easy_);
  curl_slist_free_all(header_list_);
}

void CurlTransfer::Start() {
  if (request_.timeouts.total <= absl::ZeroDuration()) {
    Fail(HttpFailure::Kind::kTimeout, "the deadline had passed before the request could be sent");
    return;
  }
  easy_ = loop_->TakeEasy();
  if (easy_ == nullptr || !Prepare()) {
    Fail(HttpFailure::Kind::kInvalid, "the request could not be set up");
    return;
  }
  if (!loop_->Start(*this)) CompleteStopped();
}

boost::asio::awaitable<bool> CurlTransfer::WaitForChange() {
  co_await changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  const boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
  co_return !IsCancelled(state);
}

void CurlTransfer::Cancel() {
  if (done_) return;
  loop_->Remove(*this);
  Fail(HttpFailure::Kind::kCancelled, "cancelled");
}

std::string CurlTransfer::TakeBytes() {
  std::string bytes = std::exchange(bytes_, {});
  if (std::exchange(paused_, false) && !done_) loop_->Resume(*this);
  return bytes;
}

void CurlTransfer::Complete(CURLcode result) {
  if (result != CURLE_OK) {
    const char* own = curl_message_[0] != '\0' ? curl_message_.data() : curl_easy_strerror(result);
    Fail(KindOf(result), own);
    return;
  }
  done_ = true;
  Notify();
}

void CurlTransfer::CompleteStopped() { Fail(HttpFailure::Kind::kCancelled, "the client was stopped"); }

HttpFailure::Kind CurlTransfer::KindOf(CURLcode result) const {
  using Kind = HttpFailure::Kind;
  if (too_large_) return Kind::kTooLarge;
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Kind::kDns;
    case CURLE_COULDNT_CONNECT:
      return address_refused_ ? Kind::kAddressRefused : Kind::kConnect;
    case CURLE_ABORTED_BY_CALLBACK:
      return address_refused_ ? Kind::kAddressRefused : Kind::kCut;
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED:
      return Kind::kConnect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Kind::kTls;
    case CURLE_OPERATION_TIMEDOUT:
      return Kind::kTimeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_LOGIN_DENIED:
      return Kind::kInvalid;
    default:
      return Kind::kCut;
  }
}

void CurlTransfer::Fail(HttpFailure::Kind kind, std::string message) {
  done_ = true;
  failure_ = HttpFailure{kind, began_, head_complete_ ? head_.status : 0, std::move(message)};
  Notify();
}

void CurlTransfer::Notify() { changed_.cancel(); }

}  // namespace easel::upstream
