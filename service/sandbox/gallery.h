#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "sandbox/picture.h"

namespace easel::sandbox {

// Has pictures drawn on threads of its own, each once, and keeps the newest of them. Used on the sandbox's one thread.
class Gallery {
 public:
  Gallery(boost::asio::any_io_executor loop, std::size_t threads, std::size_t max_bytes);
  ~Gallery();

  // The PNG; null if it could not be drawn or the wait was cancelled.
  boost::asio::awaitable<std::shared_ptr<const std::string>> Png(PictureSpec spec);

  // Waits for what is being drawn. The loop must run on until all that was posted to it is done, and then nothing may be
  // asked for any more.
  void Finish();

 private:
  struct Entry {
    explicit Entry(const boost::asio::any_io_executor& loop);
    std::shared_ptr<const std::string> png;
    boost::asio::steady_timer drawn;  // cancelled when it is
  };

  void Draw(const PictureSpec& spec, const std::string& name, const std::shared_ptr<Entry>& entry);
  void Keep(const std::string& name, const std::shared_ptr<Entry>& entry, std::string png);

  boost::asio::any_io_executor loop_;
  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::list<std::string> order_;  // of the drawn ones, oldest first
  boost::asio::thread_pool painters_;
};

}  // namespace easel::sandbox
