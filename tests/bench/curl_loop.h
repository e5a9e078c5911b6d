#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <curl/curl.h>
#include <sys/epoll.h>

namespace easel::bench {

class Transfer;

// curl on an epoll set of its own, on the thread that calls Wait and Serve by turns. Made to cost little: a socket stays in
// the set from request to request, curl's timers of 0 ms are served at once, and nothing is locked. curl looks at all
// connections of a multi handle to find a free one, so with ten thousand open in one handle a request would cost a
// millisecond: here each handle has a hundred, and there are as many handles as it takes.
class CurlLoop {
 public:
  CurlLoop();
  // After every transfer of it.
  ~CurlLoop();
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

  struct Shard {
    CurlLoop* loop = nullptr;
    CURLM* multi = nullptr;
    int running = 0;
    // time_point::min(): at once.
    std::optional<Clock::time_point> deadline;
    // Has been served since its ended transfers were last asked for.
    bool touched = false;
  };

  struct Socket {
    // What the set watches, and what curl asks for.
    std::uint32_t watched = 0;
    std::uint32_t wanted = 0;
    Shard* shard = nullptr;
  };

  void Add(CURL* easy);
  Shard& ShardWithRoom();
  int Timeout(int most_ms) const;
  void ServeSocket(int socket, std::uint32_t events);
  bool ServeTimers();
  void Act(Shard& shard, curl_socket_t socket, int action);
  void EndTransfers();
  void EndTransfersOf(Shard& shard);
  void Watch(int socket, Socket& state, std::uint32_t events);
  Socket& At(int socket);

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* shard, void* known);
  static int OnTimer(CURLM* multi, long timeout_ms, void* shard);
  static int OnClose(void* self, curl_socket_t socket);

  int epoll_;
  int wake_;
  // The first ones are filled first, so that few calls at a time share few connections.
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<Shard*> touched_;
  // By number.
  std::vector<Socket> sockets_;
  std::array<epoll_event, 128> events_;
  int ready_ = 0;
};

}  // namespace easel::bench
