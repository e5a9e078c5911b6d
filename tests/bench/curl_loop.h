#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <curl/curl.h>
#include <sys/epoll.h>

namespace easel::bench {

class Transfer;

// One curl multi handle on an epoll set of its own, on the thread that calls Wait and Serve by turns. Made to cost little: a socket stays in the
// set from request to request, curl's timers of 0 ms are served at once, and nothing is locked.
class CurlLoop {
 public:
  CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Waits until there is something to serve, at most so many milliseconds (-1: as long as it takes).
  void Wait(int most_ms);
  // Serves what is ready, new transfers included.
  void Serve();
  // Makes the present or the next Wait return soon. From any thread.
  void Wake();

 private:
  friend class Transfer;
  using Clock = std::chrono::steady_clock;

  struct Socket {
    // What the set watches, and what curl asks for.
    std::uint32_t watched = 0;
    std::uint32_t wanted = 0;
  };

  void Add(CURL* easy);
  int Timeout(int most_ms) const;
  bool TimerIsDue() const;
  void ServeSocket(int socket, std::uint32_t events);
  void EndTransfers();
  void Watch(int socket, Socket& state, std::uint32_t events);
  Socket& At(int socket);

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);
  static int OnClose(void* self, curl_socket_t socket);

  CURLM* multi_;
  int epoll_;
  int wake_;
  // By number.
  std::vector<Socket> sockets_;
  std::optional<Clock::time_point> deadline_;
  std::array<epoll_event, 128> events_;
  int ready_ = 0;
};

}  // namespace easel::bench
