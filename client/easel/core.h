#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "easel/options.h"
#include "easel/v1/image_service.grpc.pb.h"
#include "easel/waiter.h"

namespace easel::client {

// What the calls of one Client share. Immutable after Connect, so thread-safe.
struct Core {
  ConnectOptions options;
  Waiter& waiter;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::ImageService::StubInterface> stub;
};

}  // namespace easel::client
