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
  sigset_t set = Endings();
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::Wish Signals::Next(absl::Duration patience) const {
  sigset_t set = Endings();
  sigaddset(&set, SIGHUP);
  const timespec time = absl::ToTimespec(patience);
  const int signal = sigtimedwait(&set, nullptr, &time);
  if (signal <= 0) return Wish::kNone;
  return signal == SIGHUP ? Wish::kReload : Wish::kEnd;
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
