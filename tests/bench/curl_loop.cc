#include "tests/bench/curl_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "tests/bench/transfer.h"

namespace easel::bench {
namespace {

constexpr int kTimerRounds = 8;
constexpr long kKeptConnections = 32 * 1024;

std::uint32_t EventsOf(int what) {
  return (what & CURL_POLL_IN ? std::uint32_t{EPOLLIN} : 0U) | (what & CURL_POLL_OUT ? std::uint32_t{EPOLLOUT} : 0U);
}

int ActionOf(std::uint32_t events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
}

CURLM* MakeMulti() {
  curl_global_init(CURL_GLOBAL_ALL);
  return curl_multi_init();
}

}  // namespace

CurlLoop::CurlLoop()
    : multi_(MakeMulti()), epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kKeptConnections);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // never read: each write is one event
  event.data.fd = wake_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

void CurlLoop::Add(CURL* easy) { curl_multi_add_handle(multi_, easy); }

void CurlLoop::Wake() { eventfd_write(wake_, 1); }

bool CurlLoop::TimerIsDue() const { return deadline_ && (*deadline_ == Clock::time_point::min() || *deadline_ <= Clock::now()); }

int CurlLoop::Timeout(int most_ms) const {
  if (!deadline_) return most_ms;
  if (*deadline_ == Clock::time_point::min()) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now()).count();
  const int timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  return most_ms < 0 ? timeout : std::min(timeout, most_ms);
}

void CurlLoop::Wait(int most_ms) {
  ready_ = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), Timeout(most_ms));
}

void CurlLoop::Serve() {
  for (int i = 0; i < ready_; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.fd != wake_) ServeSocket(event.data.fd, event.events);
  }
  ready_ = 0;
  EndTransfers();
  for (int round = 0; round < kTimerRounds && TimerIsDue(); ++round) {
    int running = 0;
    deadline_.reset();
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    EndTransfers();
  }
}

void CurlLoop::ServeSocket(int socket, std::uint32_t events) {
  Socket& state = At(socket);
  if (state.wanted == 0) {
    // A connection at rest that the server closed: curl finds out when it wants to use it again.
    Watch(socket, state, 0);
    return;
  }
  int running = 0;
  curl_multi_socket_action(multi_, socket, ActionOf(events), &running);
}

void CurlLoop::EndTransfers() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    // The message dies with remove_handle.
    CURL* const easy = message->easy_handle;
    const CURLcode result = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    curl_multi_remove_handle(multi_, easy);
    transfer->End(result);
  }
}

CurlLoop::Socket& CurlLoop::At(int socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (sockets_.size() <= index) sockets_.resize(index + 1024);
  return sockets_[index];
}

void CurlLoop::Watch(int socket, Socket& state, std::uint32_t events) {
  if (state.watched == events) return;
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  const int how = state.watched == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  epoll_ctl(epoll_, how, socket, &event);
  state.watched = events;
}

int CurlLoop::OnSocket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* /*known*/) {
  auto& loop = *static_cast<CurlLoop*>(self);
  Socket& state = loop.At(socket);
  state.wanted = what == CURL_POLL_REMOVE ? 0 : EventsOf(what);
  // A socket that nobody waits for stays watched for input: it has none, and the next request needs it again.
  if (state.wanted != 0) {
    loop.Watch(socket, state, state.wanted);
  } else if ((state.watched & EPOLLOUT) != 0) {
    loop.Watch(socket, state, EPOLLIN);
  }
  return 0;
}

int CurlLoop::OnTimer(CURLM* /*multi*/, long timeout_ms, void* self) {
  auto& deadline = static_cast<CurlLoop*>(self)->deadline_;
  if (timeout_ms < 0) {
    deadline.reset();
  } else if (timeout_ms == 0) {
    deadline = Clock::time_point::min();
  } else {
    deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

int CurlLoop::OnClose(void* self, curl_socket_t socket) {
  static_cast<CurlLoop*>(self)->At(socket) = {};
  return close(socket);
}

}  // namespace easel::bench
