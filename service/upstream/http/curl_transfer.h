#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "upstream/http/http_client.h"

namespace easel::upstream {

class CurlLoop;
struct CurlOptions;

// One request and its reply on one easy handle: what curl's callbacks read and fill, and what a coroutine waits for.
// Used only on the loop's thread, by one coroutine. Destroying it at any time ends the transfer.
class CurlTransfer {
 public:
  enum class Body {
    kWhole,     // kept until the end, at most `max_body_bytes`
    kStreamed,  // taken piece by piece; curl is paused while about 64 KiB are not taken
  };

  CurlTransfer(std::shared_ptr<CurlLoop> loop, HttpRequest request, Body body, std::size_t max_body_bytes);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Makes a new handle fit for transfers.
  static void PrepareForAll(CURL* easy, const CurlOptions& options);

  // Hands the request to curl. A transfer that cannot begin is done at once.
  void Start();
  // Returns after something changed: the head is there, bytes are there, or it is done. False: the calling coroutine was
  // cancelled meanwhile.
  boost::asio::awaitable<bool> WaitForChange();
  // Ends it now, as cancelled.
  void Cancel();

  bool head_complete() const { return head_complete_; }
  bool done() const { return done_; }
  const HttpHead& head() const { return head_; }
  HttpHead TakeHead() { return std::move(head_); }
  // Only when done: how it failed, if it did.
  const std::optional<HttpFailure>& failure() const { return failure_; }
  bool has_bytes() const { return !bytes_.empty(); }
  // All bytes that are there; lets a paused sender go on.
  std::string TakeBytes();

  // For the loop.
  CURL* easy() const { return easy_; }
  void Complete(CURLcode result);
  void CompleteStopped();

 private:
  bool Prepare();
  void SetConnection();
  void SetTimeouts();
  void SetBody();
  bool SetHeaders();
  void SetCallbacks();

  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBytes(char* data, std::size_t size, std::size_t count, void* self);
  static int OnBeforeRequest(void* self, char* address, char* local_address, int port, int local_port);
  static curl_socket_t OnOpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);

  void TakeHeaderLine(std::string_view line);
  HttpFailure::Kind KindOf(CURLcode result) const;
  void Fail(HttpFailure::Kind kind, std::string message);
  void Notify();

  const std::shared_ptr<CurlLoop> loop_;
  const HttpRequest request_;
  const Body body_;
  const std::size_t max_body_bytes_;
  boost::asio::steady_timer changed_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> curl_message_{};

  bool began_ = false;  // curl had a connection and was about to send
  bool address_refused_ = false;
  bool too_large_ = false;
  bool paused_ = false;
  std::size_t head_bytes_ = 0;
  HttpHead head_;
  bool head_complete_ = false;
  std::string bytes_;
  bool done_ = false;
  std::optional<HttpFailure> failure_;
};

}  // namespace easel::upstream
