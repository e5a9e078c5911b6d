#include "app/drain.h"

#include <csignal>

#include <unistd.h>

#include "absl/time/clock.h"

namespace easel::app {
namespace {

// How soon the end of the last running generation is noticed.
constexpr absl::Duration kLook = absl::Milliseconds(20);

sigset_t Endings() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = Endings();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void Signals::Wait() const {
  const sigset_t set = Endings();
  int signal = 0;
  sigwait(&set, &signal);
}

bool Signals::WaitFor(absl::Duration patience) const {
  const sigset_t set = Endings();
  const timespec time = absl::ToTimespec(patience);
  return sigtimedwait(&set, nullptr, &time) > 0;
}

void Signals::EndAtOnce() const {
  for (const int signal : {SIGTERM, SIGINT}) std::signal(signal, [](int) { _exit(0); });
  const sigset_t set = Endings();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool Drain(const Signals& signals, absl::Duration grace_period, const std::function<bool()>& idle) {
  const absl::Time end = absl::Now() + grace_period;
  while (!idle() && absl::Now() < end) {
    if (signals.WaitFor(kLook)) return false;
  }
  return true;
}

}  // namespace easel::app
