#pragma once

#include <thread>

#include "easel/cancellation.h"

namespace easel::cli {

// Ctrl-C and SIGTERM: the first cancels the calls in progress, so that the command can say what becomes of the work;
// the second ends the process as if this were not here. Blocks both signals in the calling thread and those it starts
// later, so it must exist before any of them.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  client::Cancellation& cancellation() const { return cancellation_; }

 private:
  void Watch();

  mutable client::Cancellation cancellation_;
  std::thread thread_;
};

}  // namespace easel::cli
