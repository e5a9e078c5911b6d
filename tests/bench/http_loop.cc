#include "tests/bench/http_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace easel::bench {
namespace {

constexpr int kEvents = 256;
constexpr std::size_t kReadBytes = 256 * 1024;

}  // namespace

HttpLoop::HttpLoop(int listener, HttpAnswers& answers)
    : listener_(listener), answers_(answers), epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadBytes) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
}

void HttpLoop::Run() {
  std::array<epoll_event, kEvents> events;
  while (true) {
    const int ready = epoll_wait(epoll_, events.data(), kEvents, Timeout());
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == listener_) {
        Accept();
        continue;
      }
      Connection* connection = connections_[static_cast<std::size_t>(event.data.fd)].get();
      if (connection == nullptr) continue;
      if ((event.events & EPOLLOUT) != 0 && !SendAndGoOn(*connection)) continue;
      if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Read(*connection);
    }
    SendLate();
  }
}

int HttpLoop::Timeout() const {
  if (late_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(late_.top().due - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void HttpLoop::Accept() {
  while (true) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto index = static_cast<std::size_t>(socket);
    if (connections_.size() <= index) connections_.resize(index + 1024);
    connections_[index] = std::make_unique<Connection>();
    connections_[index]->socket = socket;
    connections_[index]->serial = ++last_serial_;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }
}

void HttpLoop::Read(Connection& connection) {
  const ssize_t count = recv(connection.socket, buffer_.data(), buffer_.size(), 0);
  if (count <= 0) {
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) Close(connection);
    return;
  }
  const std::string_view piece(buffer_.data(), static_cast<std::size_t>(count));
  if (connection.busy || !connection.input.empty()) {
    connection.input.append(piece);
    if (!connection.busy) Serve(connection, std::string(std::move(connection.input)));
    return;
  }
  Serve(connection, piece);
}

bool HttpLoop::Serve(Connection& connection, std::string_view input) {
  connection.input.clear();
  while (!input.empty()) {
    const auto request = connection.busy ? std::nullopt : FirstRequest(input);
    if (!request) {
      connection.input.assign(input);
      return true;
    }
    input.remove_prefix(request->size);
    HttpAnswer& answer = connection.answer;
    answer.text.clear();
    answer.rest = {};
    answer.delay = {};
    answers_.Answer(*request, answer);
    connection.sent = 0;
    connection.keep_alive = request->keep_alive;
    connection.busy = true;
    if (answer.delay.count() > 0) {
      late_.push({Clock::now() + answer.delay, connection.socket, connection.serial});
    } else if (!Send(connection)) {
      return false;
    }
  }
  return true;
}

bool HttpLoop::Send(Connection& connection) {
  const HttpAnswer& answer = connection.answer;
  const std::size_t whole = answer.text.size() + answer.rest.size();
  while (connection.sent < whole) {
    const std::size_t of_text = std::min(connection.sent, answer.text.size());
    const std::size_t of_rest = connection.sent - of_text;
    std::array<iovec, 2> parts = {iovec{const_cast<char*>(answer.text.data()) + of_text, answer.text.size() - of_text},
                                  iovec{const_cast<char*>(answer.rest.data()) + of_rest, answer.rest.size() - of_rest}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = answer.rest.empty() ? 1 : 2;
    const ssize_t count = sendmsg(connection.socket, &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      Watch(connection, true);
      return true;
    }
    if (count < 0) {
      Close(connection);
      return false;
    }
    connection.sent += static_cast<std::size_t>(count);
  }
  connection.busy = false;
  if (!connection.keep_alive) {
    Close(connection);
    return false;
  }
  if (connection.wants_room) Watch(connection, false);
  return true;
}

void HttpLoop::SendLate() {
  if (late_.empty()) return;
  const Clock::time_point now = Clock::now();
  while (!late_.empty() && late_.top().due <= now) {
    const Late next = late_.top();
    late_.pop();
    Connection* connection = connections_[static_cast<std::size_t>(next.socket)].get();
    if (connection != nullptr && connection->serial == next.serial) SendAndGoOn(*connection);
  }
}

bool HttpLoop::SendAndGoOn(Connection& connection) {
  if (!Send(connection)) return false;
  if (connection.busy || connection.input.empty()) return true;
  return Serve(connection, std::string(std::move(connection.input)));
}

void HttpLoop::Watch(Connection& connection, bool room) {
  if (connection.wants_room == room) return;
  connection.wants_room = room;
  epoll_event event{};
  event.events = EPOLLIN | (room ? std::uint32_t{EPOLLOUT} : 0U);
  event.data.fd = connection.socket;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event);
}

void HttpLoop::Close(Connection& connection) {
  close(connection.socket);
  connections_[static_cast<std::size_t>(connection.socket)].reset();
}

}  // namespace easel::bench
