#include "cli/session.h"

namespace easel::cli {

client::CallOptions Session::QuickCall() const {
  return {.timeout = global.timeout.value_or(absl::Seconds(30)), .cancellation = &cancellation};
}

client::CallOptions Session::LongCall() const {
  return {.timeout = global.timeout.value_or(absl::InfiniteDuration()), .cancellation = &cancellation};
}

}  // namespace easel::cli
