#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace easel::fakes {

// What the server does with one request, after reading it whole.
class Answer {
 public:
  static Answer Ok(std::string body, std::string content_type = "application/json");
  static Answer Status(int status, std::string body = "{}", std::string content_type = "application/json");
  // These bytes as they are, then the connection is closed.
  static Answer Raw(std::string bytes);
  // Closes the connection without a byte.
  static Answer Drop();
  // Says nothing until the client goes away.
  static Answer Hang();

  Answer With(std::string name, std::string value) &&;
  // Promises the whole body and closes the connection after this much of it.
  Answer CutAfter(std::size_t body_bytes) &&;
  // Sends the body in pieces of this size, as chunks of unknown total length.
  Answer InChunksOf(std::size_t bytes) &&;
  // Answers only once Release() was called.
  Answer WhenReleased() &&;

 private:
  friend class ScriptedHttpServer;
  enum class Kind { kReply, kRaw, kDrop, kHang };

  std::string Head() const;

  Kind kind_ = Kind::kReply;
  int status_ = 200;
  std::string content_type_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
  std::size_t cut_after_ = std::string::npos;
  std::size_t chunk_ = 0;
  bool held_ = false;
};

struct SeenRequest {
  std::string method;
  std::string target;  // as it was spelled
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int connection = 0;  // the first is 1

  // The first header of this name in any case; empty if there is none.
  std::string Header(std::string_view name) const;
  bool Has(std::string_view name) const;
};

// An HTTP/1.1 server on 127.0.0.1 and a free port, with a thread of its own, that does what a test scripts:
//   server.Then(Answer::Ok("one")).Then(Answer::Drop());
// Keeps connections alive; requests are answered in the order in which they were read. Thread-safe.
class ScriptedHttpServer {
 public:
  ScriptedHttpServer();
  ~ScriptedHttpServer();

  // The next request's answer. When the script is at its end, `Otherwise` answers; without one, status 599.
  ScriptedHttpServer& Then(Answer answer);
  ScriptedHttpServer& Otherwise(Answer answer);
  // Says these bytes on every connection at once, before it reads.
  ScriptedHttpServer& Greet(std::string bytes);
  // Lets every answer WhenReleased go on, now and later.
  void Release();

  // "http://127.0.0.1:PORT" and the path.
  std::string Url(std::string_view path = "/") const;
  std::uint16_t port() const;

  // Connections accepted; requests read whole; connections that the client closed while it was owed something.
  int accepts() const;
  std::vector<SeenRequest> requests() const;
  int hangups() const;
  // The answer that is being sent waits for its reader; answers sent to their end.
  bool stalled() const;
  int answered() const;

 private:
  class Server;
  const std::unique_ptr<Server> server_;
};

// A port of 127.0.0.1 on which nothing listens.
std::uint16_t UnusedPort();

}  // namespace easel::fakes
