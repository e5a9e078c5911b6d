#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace easel {

// A child process that does some work, says that it is done, and is then killed without warning. Fork while no other
// threads run.
class DoomedProcess {
 public:
  // `work()` returns whether it succeeded; whatever it holds is still held when it is killed.
  template <typename Work>
  explicit DoomedProcess(Work work) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      const auto held = work();
      const char done = held ? 1 : 0;
      if (::write(ends[1], &done, 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    ::close(ends[1]);
    char done = 0;
    succeeded_ = ::read(ends[0], &done, 1) == 1 && done == 1;
    ::close(ends[0]);
  }

  ~DoomedProcess() { Kill(); }
  DoomedProcess(const DoomedProcess&) = delete;
  DoomedProcess& operator=(const DoomedProcess&) = delete;

  bool succeeded() const { return succeeded_; }
  pid_t pid() const { return pid_; }

  // Returns when it is gone.
  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  bool succeeded_ = false;
};

}  // namespace easel
