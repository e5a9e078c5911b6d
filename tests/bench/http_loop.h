#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/http_request.h"

namespace easel::bench {

struct HttpAnswer {
  // The answer from its status line on.
  std::string text;
  // What follows `text`; belongs to whoever answered, and stays as long as the loop.
  std::string_view rest;
  std::chrono::microseconds delay{0};
};

class HttpAnswers {
 public:
  virtual ~HttpAnswers() = default;
  // `answer` is empty, and reused from request to request.
  virtual void Answer(const HttpRequest& request, HttpAnswer& answer) = 0;
};

// An HTTP/1.1 server on one thread and one epoll set, with as little between the socket and the answer as can be: a request
// that is there whole costs a recv and a send. One request at a time for each connection. An answer may be late, and any
// number of them may be at once.
class HttpLoop {
 public:
  // Takes over `listener`.
  HttpLoop(int listener, HttpAnswers& answers);

  [[noreturn]] void Run();

 private:
  using Clock = std::chrono::steady_clock;

  struct Connection {
    int socket = -1;
    // Tells this use of the socket's number from earlier ones.
    std::uint64_t serial = 0;
    // What was read and is not yet a whole request.
    std::string input;
    HttpAnswer answer;
    std::size_t sent = 0;
    bool keep_alive = true;
    // An answer is late or not yet sent whole.
    bool busy = false;
    bool wants_room = false;
  };

  struct Late {
    Clock::time_point due;
    int socket;
    std::uint64_t serial;
    bool operator>(const Late& other) const { return due > other.due; }
  };

  int Timeout() const;
  void Accept();
  void Read(Connection& connection);
  // These are false if the connection is gone.
  bool Serve(Connection& connection, std::string_view input);
  bool Send(Connection& connection);
  bool SendAndGoOn(Connection& connection);
  void SendLate();
  void Watch(Connection& connection, bool room);
  void Close(Connection& connection);

  int listener_;
  HttpAnswers& answers_;
  int epoll_;
  // By socket.
  std::vector<std::unique_ptr<Connection>> connections_;
  std::priority_queue<Late, std::vector<Late>, std::greater<>> late_;
  std::uint64_t last_serial_ = 0;
  std::vector<char> buffer_;
};

}  // namespace easel::bench
