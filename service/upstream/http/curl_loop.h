#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "upstream/http/curl_options.h"

namespace easel::upstream {

class CurlTransfer;

// One curl multi handle, driven by one Asio loop. Curl's sockets live in an epoll set of their own, and Asio waits for
// that set: sockets that become ready together are served in one batch. Timers are lazy: a timeout of 0 is served at the
// end of the batch, and a later deadline leaves an earlier timer alone.
//
// Used only on the loop's thread. Nothing of the loop's work runs inside one of curl's callbacks, and an idle CurlLoop
// gives the io_context nothing to wait for.
class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  CurlLoop(boost::asio::io_context& io, CurlOptions options);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Begins a transfer; it must stay where it is until it is completed or removed. False: the loop was stopped.
  bool Start(CurlTransfer& transfer);
  // Ends a transfer that was started and not completed; its connection is closed.
  void Remove(CurlTransfer& transfer);
  // Lets a paused transfer go on.
  void Resume(CurlTransfer& transfer);
  // Completes every transfer as cancelled, then closes all connections. Nothing can be started afterwards.
  void Stop();

  // Easy handles are kept for the next transfer.
  CURL* TakeEasy();
  void ReturnEasy(CURL* easy);

  std::size_t running() const { return running_.size(); }
  boost::asio::io_context& io() { return io_; }
  const CurlOptions& options() const { return options_; }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int OnClose(void* self, curl_socket_t socket);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);

  // Takes a socket out of the set.
  void Forget(curl_socket_t socket);
  void ServeSockets();
  void ServeTimersAndEnds();
  void CompleteEnded();
  bool TimerIsDue() const;
  void ServeSoon();
  void WatchSockets();
  void ArmTimer();
  void RestIfIdle();

  boost::asio::io_context& io_;
  const CurlOptions options_;
  boost::asio::posix::stream_descriptor sockets_;
  boost::asio::steady_timer timer_;
  CURLM* multi_;
  std::unordered_set<CurlTransfer*> running_;
  // By socket. What is not wanted any more stays in the set until it is closed or has news.
  struct Watched {
    std::uint32_t events = 0;
    bool in_set = false;
    bool wanted = false;
  };
  std::vector<Watched> watched_;
  std::vector<CURL*> spare_;
  // When curl wants to be called, and when the timer will fire.
  std::optional<TimePoint> deadline_;
  std::optional<TimePoint> armed_;
  bool watching_ = false;
  bool serving_soon_ = false;
  bool stopped_ = false;
};

}  // namespace easel::upstream
