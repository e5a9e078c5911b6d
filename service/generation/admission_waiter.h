#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "generation/admission.h"
#include "generation/wakeup.h"

namespace easel::generation {

// One that waits for its turn. Granted: the lane that it may use from now on.
struct Admission::Waiter {
  Entry entry;
  std::shared_ptr<Wakeup> wakeup;
  absl::Time since;
  std::optional<std::size_t> granted;
};

}  // namespace easel::generation
