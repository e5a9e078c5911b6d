// Curl's callbacks. They only take and give bytes: nothing here calls curl or resumes a coroutine.
#include <charconv>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include "upstream/http/curl_loop.h"
#include "upstream/http/curl_transfer.h"

namespace easel::upstream {
namespace {

constexpr std::size_t kMaxHeadBytes = 64 * 1024;
constexpr std::size_t kUnreadBytes = 64 * 1024;

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// "HTTP/1.1 200 OK", "HTTP/2 200".
int StatusOf(std::string_view line) {
  const auto space = line.find(' ');
  int status = 0;
  if (space != std::string_view::npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  return status;
}

std::optional<boost::asio::ip::address> AddressOf(const curl_sockaddr& from) {
  namespace ip = boost::asio::ip;
  if (from.family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &from.addr, sizeof in);
    return ip::address_v4(ntohl(in.sin_addr.s_addr));
  }
  if (from.family == AF_INET6 && from.addrlen >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &from.addr, sizeof in6);
    ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
    return ip::address_v6(bytes);
  }
  return std::nullopt;
}

}  // namespace

std::size_t CurlTransfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t length = size * count;
  transfer.head_bytes_ += length;
  if (transfer.head_bytes_ > kMaxHeadBytes) {
    transfer.too_large_ = true;
    return 0;
  }
  // What comes after the head are trailers.
  if (!transfer.head_complete_) transfer.TakeHeaderLine(std::string_view(data, length));
  return length;
}

void CurlTransfer::TakeHeaderLine(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    head_ = HttpHead{StatusOf(line), {}};
    return;
  }
  const std::string_view text = Trimmed(line);
  if (text.empty()) {
    // 100 Continue and its like are followed by the real head.
    if (head_.status < 200) return;
    head_complete_ = true;
    Notify();
    return;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return;
  head_.headers.push_back({std::string(Trimmed(text.substr(0, colon))), std::string(Trimmed(text.substr(colon + 1)))});
}

std::size_t CurlTransfer::OnBytes(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t length = size * count;
  if (transfer.body_ == Body::kStreamed) {
    if (transfer.bytes_.size() >= kUnreadBytes) {
      transfer.paused_ = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    transfer.bytes_.append(data, length);
    transfer.Notify();
    return length;
  }
  if (transfer.bytes_.size() + length > transfer.max_body_bytes_) {
    transfer.too_large_ = true;
    return 0;
  }
  transfer.bytes_.append(data, length);
  return length;
}

int CurlTransfer::OnBeforeRequest(void* self, char* address, char* /*local_address*/, int /*port*/, int /*local_port*/) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (transfer.request_.address_allowed && transfer.loop_->options().proxy.empty()) {
    boost::system::error_code error;
    const auto peer = boost::asio::ip::make_address(address, error);
    if (error || !transfer.request_.address_allowed(peer)) {
      transfer.address_refused_ = true;
      return CURL_PREREQFUNC_ABORT;
    }
  }
  // Asked a second time, curl has lost the connection that it had and would begin anew. By then the server may have read a
  // POST and acted on it, and this one costs money.
  if (transfer.began_ && transfer.request_.method == HttpRequest::Method::kPost) return CURL_PREREQFUNC_ABORT;
  transfer.began_ = true;
  return CURL_PREREQFUNC_OK;
}

curl_socket_t CurlTransfer::OnOpenSocket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const auto peer = AddressOf(*address);
  if (!peer || !transfer.request_.address_allowed(*peer)) {
    transfer.address_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace easel::upstream
