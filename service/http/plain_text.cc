#include "http/plain_text.h"

#include <utility>

namespace easel::http {

boost::asio::awaitable<void> SendText(Responder& responder, int status, std::string text, HeaderList headers) {
  ReplyHead head{.status = status, .content_type = "text/plain; charset=utf-8", .headers = std::move(headers)};
  head.headers.emplace_back("Cache-Control", "no-store");
  text.push_back('\n');
  co_await responder.Send(std::move(head), std::move(text));
}

HeaderList OneHeader(std::string name, std::string value) {
  HeaderList headers;
  headers.emplace_back(std::move(name), std::move(value));
  return headers;
}

}  // namespace easel::http
