#include "upstream/http/curl_loop.h"

#include <array>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "upstream/http/curl_transfer.h"

namespace easel::upstream {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBatch = 64;
constexpr int kTimerRounds = 8;
constexpr long kKeptConnections = 100;
constexpr std::size_t kSpareHandles = 100;

CURLM* MakeMulti() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_ALL);
  (void)initialised;
  return curl_multi_init();
}

std::uint32_t EventsOf(int what) {
  return (what & CURL_POLL_IN ? std::uint32_t{EPOLLIN} : 0U) | (what & CURL_POLL_OUT ? std::uint32_t{EPOLLOUT} : 0U);
}

int ActionOf(std::uint32_t events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
}

}  // namespace

CurlLoop::CurlLoop(boost::asio::io_context& io, CurlOptions options)
    : io_(io), options_(std::move(options)), sockets_(io, epoll_create1(EPOLL_CLOEXEC)), timer_(io), multi_(MakeMulti()) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlLoop::~CurlLoop() { Stop(); }

bool CurlLoop::Start(CurlTransfer& transfer) {
  if (stopped_) return false;
  running_.insert(&transfer);
  // Curl counts those in use too.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kKeptConnections + static_cast<long>(running_.size()));
  curl_multi_add_handle(multi_, transfer.easy());
  ServeSoon();
  return true;
}

void CurlLoop::Remove(CurlTransfer& transfer) {
  if (running_.erase(&transfer) == 0) return;
  curl_multi_remove_handle(multi_, transfer.easy());
  RestIfIdle();
  if (!running_.empty()) ServeSoon();
}

void CurlLoop::Resume(CurlTransfer& transfer) {
  if (!running_.contains(&transfer)) return;
  curl_easy_pause(transfer.easy(), CURLPAUSE_CONT);
  ServeSoon();
}

void CurlLoop::Stop() {
  if (std::exchange(stopped_, true)) return;
  for (CurlTransfer* transfer : std::exchange(running_, {})) {
    curl_multi_remove_handle(multi_, transfer->easy());
    transfer->CompleteStopped();
  }
  for (CURL* easy : std::exchange(spare_, {})) curl_easy_cleanup(easy);
  // Closing connections still calls OnSocket, so the epoll set goes last.
  curl_multi_cleanup(multi_);
  timer_.cancel();
  boost::system::error_code ignored;
  sockets_.close(ignored);
}

CURL* CurlLoop::TakeEasy() {
  if (spare_.empty()) {
    CURL* fresh = curl_easy_init();
    if (fresh == nullptr) return nullptr;
    CurlTransfer::PrepareForAll(fresh, options_);
    curl_easy_setopt(fresh, CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::OnClose);
    curl_easy_setopt(fresh, CURLOPT_CLOSESOCKETDATA, this);
    return fresh;
  }
  CURL* easy = spare_.back();
  spare_.pop_back();
  return easy;
}

void CurlLoop::ReturnEasy(CURL* easy) {
  if (stopped_ || spare_.size() >= kSpareHandles) {
    curl_easy_cleanup(easy);
    return;
  }
  spare_.push_back(easy);
}

int CurlLoop::OnSocket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* /*known*/) {
  auto& loop = *static_cast<CurlLoop*>(self);
  const auto index = static_cast<std::size_t>(socket);
  if (loop.watched_.size() <= index) loop.watched_.resize(index + 1);
  Watched& watched = loop.watched_[index];
  watched.wanted = what != CURL_POLL_REMOVE;
  // The next request on the same connection will most likely want the same.
  if (!watched.wanted || (watched.in_set && watched.events == EventsOf(what))) return 0;
  epoll_event event{};
  event.events = watched.events = EventsOf(what);
  event.data.fd = socket;
  epoll_ctl(loop.sockets_.native_handle(), watched.in_set ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  watched.in_set = true;
  return 0;
}

void CurlLoop::Forget(curl_socket_t socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (watched_.size() <= index || !watched_[index].in_set) return;
  epoll_ctl(sockets_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
  watched_[index] = {};
}

int CurlLoop::OnClose(void* self, curl_socket_t socket) {
  static_cast<CurlLoop*>(self)->Forget(socket);
  return close(socket);
}

int CurlLoop::OnTimer(CURLM* /*multi*/, long timeout_ms, void* self) {
  auto& loop = *static_cast<CurlLoop*>(self);
  if (timeout_ms < 0) {
    loop.deadline_.reset();
  } else if (timeout_ms == 0) {
    loop.deadline_ = TimePoint::min();
  } else {
    loop.deadline_ = Clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

bool CurlLoop::TimerIsDue() const { return deadline_ && (*deadline_ == TimePoint::min() || *deadline_ <= Clock::now()); }

void CurlLoop::ServeSockets() {
  std::array<epoll_event, kBatch> events;
  const int ready = epoll_wait(sockets_.native_handle(), events.data(), kBatch, 0);
  int running = 0;
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    // An idle connection has news that nobody waits for: it was closed by its other end.
    if (!watched_[static_cast<std::size_t>(event.data.fd)].wanted) {
      Forget(event.data.fd);
      continue;
    }
    curl_multi_socket_action(multi_, event.data.fd, ActionOf(event.events), &running);
  }
  ServeTimersAndEnds();
}

void CurlLoop::ServeTimersAndEnds() {
  for (int round = 0; round < kTimerRounds && TimerIsDue(); ++round) {
    int running = 0;
    deadline_.reset();
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  CompleteEnded();
  RestIfIdle();
  if (running_.empty()) return;
  if (TimerIsDue()) {
    ServeSoon();
  } else {
    ArmTimer();
  }
  WatchSockets();
}

void CurlLoop::CompleteEnded() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // The message dies with remove_handle.
    CURL* const easy = message->easy_handle;
    const CURLcode result = message->data.result;
    CurlTransfer* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    curl_multi_remove_handle(multi_, easy);
    running_.erase(transfer);
    transfer->Complete(result);
  }
}

void CurlLoop::ServeSoon() {
  if (std::exchange(serving_soon_, true)) return;
  boost::asio::post(io_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->serving_soon_ = false;
    if (!self->stopped_) self->ServeTimersAndEnds();
  });
}

void CurlLoop::WatchSockets() {
  if (std::exchange(watching_, true)) return;
  sockets_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [weak = weak_from_this()](boost::system::error_code error) {
                        const auto self = weak.lock();
                        if (!self) return;
                        self->watching_ = false;
                        if (self->stopped_) return;
                        if (!error) {
                          self->ServeSockets();
                        } else if (!self->running_.empty()) {
                          self->WatchSockets();
                        }
                      });
}

void CurlLoop::ArmTimer() {
  if (!deadline_ || (armed_ && *armed_ <= *deadline_)) return;
  armed_ = deadline_;
  timer_.expires_at(*deadline_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->stopped_) return;
    self->armed_.reset();
    self->ServeTimersAndEnds();
  });
}

void CurlLoop::RestIfIdle() {
  if (!running_.empty()) return;
  boost::system::error_code ignored;
  if (watching_) sockets_.cancel(ignored);
  if (std::exchange(armed_, std::nullopt)) timer_.cancel();
}

}  // namespace easel::upstream
