#include "cli/interrupt.h"

#include <pthread.h>
#include <signal.h>

namespace easel::cli {
namespace {

// Also ends the watching thread, by SIGUSR1.
sigset_t Watched() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t signals = Watched();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { Watch(); });
}

Interrupt::~Interrupt() {
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
}

void Interrupt::Watch() {
  sigset_t signals = Watched();
  int signal = 0;
  sigwait(&signals, &signal);
  if (signal == SIGUSR1) return;
  cancellation_.Cancel();
  sigwait(&signals, &signal);
  if (signal == SIGUSR1) return;
  ::signal(signal, SIG_DFL);
  sigemptyset(&signals);
  sigaddset(&signals, signal);
  ::raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace easel::cli
