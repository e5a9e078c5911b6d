#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/completion.h"
#include "storage/postgres_connection.h"
#include "storage/postgres_options.h"

namespace easel::storage {

// A few connections, opened as they are needed, on a loop and a thread of their own. While the database is away work is
// refused at once, but for a try now and then; a connection that broke is replaced by a new one. The destructor gives what
// was begun two seconds to end, and hands every waiting coroutine its result, so the executors of callers must still exist.
class PostgresPool {
 public:
  PostgresPool(PostgresOptions options, int connections);
  ~PostgresPool();

  const PostgresOptions& options() const { return options_; }

  // Runs `work`, a function of a PostgresConnection& that returns an awaitable<R>, on the pool's loop; the calling coroutine
  // goes on, on its own executor, with its R, or with UNAVAILABLE where there is no connection. R: absl::Status or StatusOr.
  template <typename Work>
  auto Run(Work work) {
    using Result = typename std::invoke_result_t<Work&, PostgresConnection&>::value_type;
    return Await<Result>([this, work = std::move(work)](Completion<Result> done) mutable {
      boost::asio::co_spawn(loop_, Serve<Result>(std::move(work), std::move(done)), boost::asio::detached);
    });
  }

  // Coroutines that run here must end soon after Shutdown was called.
  boost::asio::io_context& loop() { return loop_; }

  // Ends the loop, once what was begun has ended; what the destructor does, for who runs coroutines of its own here. At most
  // once, on another thread.
  void Shutdown();

 private:
  struct Waiter;
  // A connection of the pool's in somebody's hands.
  class Borrowed {
   public:
    Borrowed(PostgresPool& pool, std::unique_ptr<PostgresConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {
      pool_->busy_.insert(connection_.get());
    }
    Borrowed(Borrowed&& other) noexcept : pool_(other.pool_), connection_(std::move(other.connection_)) {}
    Borrowed& operator=(Borrowed&&) = delete;
    ~Borrowed() {
      if (connection_ != nullptr) pool_->GiveBack(std::move(connection_));
    }
    PostgresConnection& operator*() const { return *connection_; }

   private:
    PostgresPool* pool_;
    std::unique_ptr<PostgresConnection> connection_;
  };

  template <typename Result, typename Work>
  boost::asio::awaitable<void> Serve(Work work, Completion<Result> done) {
    ++serving_;
    std::vector<Resumption> resumptions;
    {
      absl::StatusOr<Borrowed> borrowed = co_await Borrow();
      if (borrowed.ok()) {
        Result result = co_await work(**borrowed);
        resumptions.push_back(std::move(done).With(std::move(result)));
      } else {
        resumptions.push_back(std::move(done).With(Result(borrowed.status())));
      }
    }
    ResumeAll(std::move(resumptions));
    --serving_;
    EndIfIdle();
  }

  // All of these on the loop.
  boost::asio::awaitable<absl::StatusOr<Borrowed>> Borrow();
  boost::asio::awaitable<absl::StatusOr<Borrowed>> Open();
  boost::asio::awaitable<bool> WaitForRoom();
  void GiveBack(std::unique_ptr<PostgresConnection> connection);
  void WakeOne();
  void Close();
  void EndIfIdle();

  const PostgresOptions options_;
  const int most_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  // On the loop only.
  std::vector<std::unique_ptr<PostgresConnection>> idle_;
  std::set<PostgresConnection*> busy_;
  std::deque<std::shared_ptr<Waiter>> waiting_;
  int open_ = 0;  // idle, busy, or on their way
  int serving_ = 0;
  bool closed_ = false;
  int failures_ = 0;  // in a row
  std::chrono::steady_clock::time_point try_again_at_{};
  absl::Status trouble_;
  boost::asio::steady_timer last_call_;
  std::thread thread_;
};

}  // namespace easel::storage
