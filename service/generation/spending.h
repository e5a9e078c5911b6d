#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "generation/caller_limits.h"
#include "generation/ports/generation_store.h"

namespace easel::generation {

// Tells `limits` what callers with a budget have spent today, as the records say it: what a restart has to know. A record
// that was removed meanwhile counts for nothing.
boost::asio::awaitable<absl::Status> RememberSpending(GenerationStore& store, CallerLimits& limits);

}  // namespace easel::generation
