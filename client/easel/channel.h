#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/status.h"
#include "easel/options.h"

namespace easel::client {

// Says what in `options` cannot be used. Nothing is sent.
absl::Status Check(const ConnectOptions& options);

// A channel that connects at its first call. `options` must be checked.
std::shared_ptr<grpc::Channel> OpenChannel(const ConnectOptions& options);

}  // namespace easel::client
