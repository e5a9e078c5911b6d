#include "tests/contract/sync_count.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace easel {
namespace {

std::atomic<int> syncs = 0;

}  // namespace

int SyncsSoFar() { return syncs; }

}  // namespace easel

// The name in the program goes before that of the C library, for shared libraries too.
extern "C" int fdatasync(int file) {
  ++easel::syncs;
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
