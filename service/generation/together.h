#pragma once

#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"

namespace easel::generation {

// Runs all at the same time on the calling coroutine's executor, which is of one thread, to their ends, whether or not the
// caller is cancelled meanwhile. The first error in their order, once all have ended.
boost::asio::awaitable<absl::Status> Together(std::vector<boost::asio::awaitable<absl::Status>> all);

}  // namespace easel::generation
