#pragma once

#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace easel::app {

// The service's threads: one Asio loop each. Nothing is shared between them but queues.
class Loops {
 public:
  explicit Loops(int threads);
  ~Loops();  // Stop()

  const std::vector<boost::asio::io_context*>& contexts() const { return contexts_; }
  std::vector<boost::asio::any_io_executor> executors() const;

  // Ends the threads; what is still parked in the loops goes with the loops.
  void Stop();

 private:
  using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
  std::vector<std::unique_ptr<boost::asio::io_context>> owned_;
  std::vector<boost::asio::io_context*> contexts_;
  std::vector<WorkGuard> guards_;
  std::vector<std::thread> threads_;
};

}  // namespace easel::app
