#include "tests/bench/curl_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "tests/bench/transfer.h"

namespace easel::bench {
namespace {

constexpr int kTransfersInShard = 100;
constexpr long kKeptConnections = 2L * kTransfersInShard;
constexpr int kTimerRounds = 8;
constexpr auto kAtOnce = std::chrono::steady_clock::time_point::min();

std::uint32_t EventsOf(int what) {
  return (what & CURL_POLL_IN ? std::uint32_t{EPOLLIN} : 0U) | (what & CURL_POLL_OUT ? std::uint32_t{EPOLLOUT} : 0U);
}

int ActionOf(std::uint32_t events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
}

}  // namespace

CurlLoop::CurlLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  curl_global_init(CURL_GLOBAL_ALL);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // never read: each write is one event
  event.data.fd = wake_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

CurlLoop::~CurlLoop() {
  // Closing connections still calls OnSocket and OnClose, so the set goes last.
  for (const auto& shard : shards_) curl_multi_cleanup(shard->multi);
  close(wake_);
  close(epoll_);
}

void CurlLoop::Wake() { eventfd_write(wake_, 1); }

void CurlLoop::Add(CURL* easy) {
  Shard& shard = ShardWithRoom();
  ++shard.running;
  curl_multi_add_handle(shard.multi, easy);
}

CurlLoop::Shard& CurlLoop::ShardWithRoom() {
  for (const auto& shard : shards_) {
    if (shard->running < kTransfersInShard) return *shard;
  }
  Shard& shard = *shards_.emplace_back(std::make_unique<Shard>());
  shard.loop = this;
  shard.multi = curl_multi_init();
  curl_multi_setopt(shard.multi, CURLMOPT_SOCKETFUNCTION, &CurlLoop::OnSocket);
  curl_multi_setopt(shard.multi, CURLMOPT_SOCKETDATA, &shard);
  curl_multi_setopt(shard.multi, CURLMOPT_TIMERFUNCTION, &CurlLoop::OnTimer);
  curl_multi_setopt(shard.multi, CURLMOPT_TIMERDATA, &shard);
  curl_multi_setopt(shard.multi, CURLMOPT_MAXCONNECTS, kKeptConnections);
  return shard;
}

int CurlLoop::Timeout(int most_ms) const {
  std::optional<Clock::time_point> first;
  for (const auto& shard : shards_) {
    if (shard->deadline && (!first || *shard->deadline < *first)) first = shard->deadline;
  }
  if (!first) return most_ms;
  if (*first == kAtOnce) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - Clock::now()).count();
  const int timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  return most_ms < 0 ? timeout : std::min(timeout, most_ms);
}

void CurlLoop::Wait(int most_ms) {
  ready_ = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), Timeout(most_ms));
}

void CurlLoop::Serve() {
  const int ready = std::exchange(ready_, 0);
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.fd != wake_) ServeSocket(event.data.fd, event.events);
  }
  EndTransfers();
  for (int round = 0; round < kTimerRounds && ServeTimers(); ++round) EndTransfers();
}

void CurlLoop::ServeSocket(int socket, std::uint32_t events) {
  Socket& state = At(socket);
  if (state.wanted == 0) {
    // A connection at rest that the server closed: curl finds out when it wants to use it again.
    Watch(socket, state, 0);
  } else {
    Act(*state.shard, socket, ActionOf(events));
  }
}

bool CurlLoop::ServeTimers() {
  bool served = false;
  for (const auto& shard : shards_) {
    if (!shard->deadline || (*shard->deadline != kAtOnce && *shard->deadline > Clock::now())) continue;
    shard->deadline.reset();
    Act(*shard, CURL_SOCKET_TIMEOUT, 0);
    served = true;
  }
  return served;
}

void CurlLoop::Act(Shard& shard, curl_socket_t socket, int action) {
  int running = 0;
  curl_multi_socket_action(shard.multi, socket, action, &running);
  if (!std::exchange(shard.touched, true)) touched_.push_back(&shard);
}

void CurlLoop::EndTransfers() {
  for (Shard* shard : touched_) {
    shard->touched = false;
    EndTransfersOf(*shard);
  }
  touched_.clear();
}

void CurlLoop::EndTransfersOf(Shard& shard) {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(shard.multi, &left)) {
    // The message dies with remove_handle.
    CURL* const easy = message->easy_handle;
    const CURLcode result = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    curl_multi_remove_handle(shard.multi, easy);
    --shard.running;
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

int CurlLoop::OnSocket(CURL* /*easy*/, curl_socket_t socket, int what, void* shard, void* /*known*/) {
  CurlLoop& loop = *static_cast<Shard*>(shard)->loop;
  Socket& state = loop.At(socket);
  state.shard = static_cast<Shard*>(shard);
  state.wanted = what == CURL_POLL_REMOVE ? 0 : EventsOf(what);
  // A socket that nobody waits for stays watched for input: it has none, and the next request needs it again.
  if (state.wanted != 0) {
    loop.Watch(socket, state, state.wanted);
  } else if ((state.watched & EPOLLOUT) != 0) {
    loop.Watch(socket, state, EPOLLIN);
  }
  return 0;
}

int CurlLoop::OnTimer(CURLM* /*multi*/, long timeout_ms, void* shard) {
  auto& deadline = static_cast<Shard*>(shard)->deadline;
  if (timeout_ms < 0) {
    deadline.reset();
  } else if (timeout_ms == 0) {
    deadline = kAtOnce;
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
