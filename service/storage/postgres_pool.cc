#include "storage/postgres_pool.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace easel::storage {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

using Clock = std::chrono::steady_clock;

// The pause between two tries to connect, doubled from one to the next.
constexpr auto kFirstPause = std::chrono::milliseconds(50);
constexpr auto kLongestPause = std::chrono::milliseconds(1000);
constexpr auto kLastCall = std::chrono::seconds(2);

}  // namespace

// Somebody for whom there was no connection left.
struct PostgresPool::Waiter {
  Waiter(asio::io_context& loop, Clock::duration patience) : timer(loop, patience) {}
  asio::steady_timer timer;
  bool called = false;
};

PostgresPool::PostgresPool(PostgresOptions options, int connections)
    : options_(std::move(options)), most_(connections), guard_(asio::make_work_guard(loop_)), last_call_(loop_),
      thread_([this] { loop_.run(); }) {}

PostgresPool::~PostgresPool() {
  if (thread_.joinable()) Shutdown();
}

void PostgresPool::Shutdown() {
  asio::post(loop_, [this] { Close(); });
  thread_.join();
}

void PostgresPool::Close() {
  closed_ = true;
  while (!waiting_.empty()) WakeOne();
  last_call_.expires_after(kLastCall);
  last_call_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    for (PostgresConnection* connection : busy_) connection->Abort();
  });
  EndIfIdle();
}

void PostgresPool::EndIfIdle() {
  if (!closed_ || serving_ > 0) return;
  last_call_.cancel();
  idle_.clear();
  guard_.reset();
}

awaitable<absl::StatusOr<PostgresPool::Borrowed>> PostgresPool::Borrow() {
  while (true) {
    if (closed_) co_return absl::UnavailableError("the store of generations is being closed");
    while (!idle_.empty()) {
      std::unique_ptr<PostgresConnection> connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->Usable()) co_return Borrowed(*this, std::move(connection));
      --open_;
    }
    if (open_ < most_) co_return co_await Open();
    const bool room = co_await WaitForRoom();
    if (!room) co_return absl::UnavailableError("all connections to PostgreSQL are busy");
  }
}

awaitable<absl::StatusOr<PostgresPool::Borrowed>> PostgresPool::Open() {
  if (Clock::now() < try_again_at_) co_return trouble_;
  ++open_;
  absl::StatusOr<std::unique_ptr<PostgresConnection>> connection = co_await PostgresConnection::Open(loop_, options_);
  if (connection.ok()) {
    failures_ = 0;
    try_again_at_ = {};
    co_return Borrowed(*this, *std::move(connection));
  }
  --open_;
  trouble_ = connection.status();
  try_again_at_ = Clock::now() + std::min<Clock::duration>(kFirstPause * (1 << std::min(failures_++, 8)), kLongestPause);
  WakeOne();
  co_return trouble_;
}

awaitable<bool> PostgresPool::WaitForRoom() {
  const auto waiter = std::make_shared<Waiter>(loop_, absl::ToChronoNanoseconds(options_.connect_timeout));
  waiting_.push_back(waiter);
  co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!waiter->called) std::erase(waiting_, waiter);
  co_return waiter->called;
}

void PostgresPool::WakeOne() {
  if (waiting_.empty()) return;
  const std::shared_ptr<Waiter> first = std::move(waiting_.front());
  waiting_.pop_front();
  first->called = true;
  first->timer.cancel();
}

void PostgresPool::GiveBack(std::unique_ptr<PostgresConnection> connection) {
  busy_.erase(connection.get());
  if (connection->Usable() && !closed_) {
    idle_.push_back(std::move(connection));
  } else {
    --open_;
  }
  WakeOne();
}

}  // namespace easel::storage
