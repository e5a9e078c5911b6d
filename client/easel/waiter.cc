#include "easel/waiter.h"

#include "absl/time/clock.h"

namespace easel::client {
namespace {

class RealWaiter final : public Waiter {
 public:
  absl::Time Now() override { return absl::Now(); }

  bool Wait(absl::Duration duration, Cancellation* cancellation) override {
    if (cancellation != nullptr) return cancellation->WaitFor(duration);
    absl::SleepFor(duration);
    return true;
  }
};

}  // namespace

Waiter& SystemWaiter() {
  static RealWaiter waiter;
  return waiter;
}

}  // namespace easel::client
