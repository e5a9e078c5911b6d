#include "app/loops.h"

namespace easel::app {

Loops::Loops(int threads) {
  for (int i = 0; i < threads; ++i) {
    owned_.push_back(std::make_unique<boost::asio::io_context>(1));
    contexts_.push_back(owned_.back().get());
    guards_.push_back(boost::asio::make_work_guard(*owned_.back()));
    threads_.emplace_back([context = contexts_.back()] { context->run(); });
  }
}

Loops::~Loops() { Stop(); }

std::vector<boost::asio::any_io_executor> Loops::executors() const {
  std::vector<boost::asio::any_io_executor> executors;
  for (boost::asio::io_context* context : contexts_) executors.push_back(context->get_executor());
  return executors;
}

void Loops::Stop() {
  for (boost::asio::io_context* context : contexts_) context->stop();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace easel::app
