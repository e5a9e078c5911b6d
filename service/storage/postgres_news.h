#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "storage/postgres_pool.h"

namespace easel::storage {

// Short words from process to process, by NOTIFY on the channel that has the schema's name. Several words that come together
// travel as one notification, in a statement of its own: commits that notify would wait for each other in the server, while
// those of the records are synced together. Words may be lost with a connection; `on_connected` tells that some may have
// been. Thread-safe.
class PostgresNews {
 public:
  // Called on the pool's loop.
  struct Hearing {
    std::function<void(std::string_view word)> word;
    std::function<void()> connected;
  };

  explicit PostgresNews(PostgresPool& pool) : pool_(pool) {}

  // A word without line breaks, up to a few hundred bytes. Returns at once.
  void Say(std::string word);
  // Listens until Stop, on the pool's loop, over a connection of its own. At most once.
  void Listen(Hearing hearing);
  // The pool must not be closed before; returns at once.
  void Stop();

 private:
  boost::asio::awaitable<void> SayAll();
  boost::asio::awaitable<void> Hear();
  boost::asio::awaitable<void> HearOver(PostgresConnection& connection);
  std::string TakeBatch();

  PostgresPool& pool_;
  Hearing hearing_;
  std::mutex mutex_;
  std::vector<std::string> unsaid_;
  bool saying_ = false;
  // On the loop only.
  bool stopped_ = false;
  PostgresConnection* hearing_over_ = nullptr;
  std::unique_ptr<boost::asio::steady_timer> pause_;
};

}  // namespace easel::storage
