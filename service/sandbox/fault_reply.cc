#include "sandbox/fault_reply.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/strings/str_cat.h"

namespace easel::sandbox {

namespace asio = boost::asio;

std::optional<ErrorReply> ErrorOf(const Fault& fault) {
  if (!fault.code && !fault.http) return std::nullopt;
  ErrorReply reply = fault.code ? BusinessError(*fault.code, "", fault.filter) : HtmlError(*fault.http);
  if (fault.http) reply.head.status = *fault.http;
  if (fault.retry_after) reply.head.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after));
  return reply;
}

bool ReplacesAnswer(const Fault& fault) { return fault.code || fault.http || fault.hang || fault.drop; }

std::string NameOf(const Fault& fault) {
  if (fault.hang) return "hang";
  if (fault.drop) return "drop";
  if (fault.code) return std::to_string(*fault.code);
  if (fault.http) return absl::StrCat("http-", *fault.http);
  return "";
}

asio::awaitable<void> Misbehave(Fault fault, http::Responder& responder) {
  if (fault.hang) co_await responder.PeerGone();
  if (fault.hang || fault.drop) {
    responder.Abort();
    co_return;
  }
  std::optional<ErrorReply> error = ErrorOf(fault);
  if (error) co_await responder.Send(std::move(error->head), std::move(error->body));
}

asio::awaitable<void> Pause(double seconds) {
  if (seconds <= 0) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6)));
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> SendMaybeCut(bool cut, http::ReplyHead head, std::string_view body, http::Responder& responder,
                                   std::function<void()> before_end) {
  constexpr std::size_t kPiece = 256 * 1024;
  if (!cut && body.size() < kPiece) {
    before_end();
    co_await responder.Send(std::move(head), std::string(body));
    co_return;
  }
  absl::Status status = co_await responder.Start(std::move(head), body.size());
  const std::string_view sent = cut ? body.substr(0, body.size() / 2) : body;
  for (std::size_t at = 0; status.ok() && at < sent.size(); at += kPiece) {
    if (!cut && at + kPiece >= sent.size()) before_end();
    status = co_await responder.Write(sent.substr(at, kPiece));
  }
  if (cut) {
    responder.Abort();
  } else {
    co_await responder.Finish();
  }
}

}  // namespace easel::sandbox
