#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "generation/lifecycle.h"
#include "generation/watcher.h"

namespace easel::generation {

// Opens the bytes of a generation that SUCCEEDED. Nothing removes them until the reader is gone, which must not outlive the
// image store. Errors by generation/error.h: still running, without an image, expired, lost.
boost::asio::awaitable<absl::StatusOr<std::unique_ptr<ImageReader>>> OpenKeptImage(const World& world, Snapshot snapshot);

}  // namespace easel::generation
