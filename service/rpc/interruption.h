#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace easel::rpc {

// Ends what a call's coroutine waits for, once. Shared by the call's reactor, its coroutine and the list of calls in
// flight, so that an interruption that comes too late finds it alive.
class Interruption : public std::enable_shared_from_this<Interruption> {
 public:
  enum class Cause {
    kNone,
    kCallerGone,  // cancelled, disconnected, or its deadline has passed
    kShutdown,
  };

  // `loop`: where the call's coroutine runs; of one thread.
  explicit Interruption(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

  // From any thread. Only the first cause counts; after Close nothing happens.
  void Interrupt(Cause cause);

  // On the loop.
  Cause cause() const { return cause_; }
  // What the coroutine is to be bound to; Begin follows as soon as it waits for something, and makes up for an
  // interruption that came before.
  boost::asio::cancellation_slot slot() { return signal_.slot(); }
  void Begin();
  void Close() { stage_ = Stage::kClosed; }

  const boost::asio::any_io_executor& loop() const { return loop_; }

 private:
  const boost::asio::any_io_executor loop_;
  boost::asio::cancellation_signal signal_;
  Cause cause_ = Cause::kNone;
  enum class Stage { kNew, kBegun, kClosed } stage_ = Stage::kNew;
};

}  // namespace easel::rpc
