#include "tests/bench/grpc_client.h"

#include <array>
#include <climits>

#include <grpc/grpc_security.h>

#include "tests/bench/process.h"

namespace easel::bench {
namespace {

grpc_arg Argument(const char* key, int value) {
  grpc_arg argument{};
  argument.type = GRPC_ARG_INTEGER;
  argument.key = const_cast<char*>(key);
  argument.value.integer = value;
  return argument;
}

grpc_channel* NewChannel(const std::string& target) {
  const std::array arguments = {
      Argument(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),  // a connection of its own
      Argument(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1),
      Argument(GRPC_ARG_ENABLE_RETRIES, 0),
      Argument(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
      Argument(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
      Argument(GRPC_ARG_MINIMAL_STACK, 1),
  };
  const grpc_channel_args list{arguments.size(), const_cast<grpc_arg*>(arguments.data())};
  grpc_channel_credentials* const credentials = grpc_insecure_credentials_create();
  grpc_channel* const channel = grpc_channel_create(target.c_str(), credentials, &list);
  grpc_channel_credentials_release(credentials);
  return channel;
}

}  // namespace

GrpcClient::GrpcClient(const ClientOptions& options)
    : options_(options), queue_((grpc_init(), grpc_completion_queue_create_for_next(nullptr))) {
  for (int i = 0; i < options_.channels; ++i) channels_.push_back(NewChannel("ipv4:" + options_.target));
  for (const auto& [key, value] : options_.metadata) {
    grpc_metadata entry{};
    entry.key = grpc_slice_from_copied_string(key.c_str());
    entry.value = grpc_slice_from_copied_string(value.c_str());
    metadata_.push_back(entry);
  }
}

GrpcClient::~GrpcClient() {
  for (grpc_channel* channel : channels_) grpc_channel_destroy(channel);
  grpc_completion_queue_shutdown(queue_);
  while (grpc_completion_queue_next(queue_, gpr_inf_future(GPR_CLOCK_REALTIME), nullptr).type != GRPC_QUEUE_SHUTDOWN) {
  }
  grpc_completion_queue_destroy(queue_);
  grpc_shutdown();
}

void GrpcClient::Connect() {
  const Clock::time_point until = Clock::now() + std::chrono::seconds(10);
  for (grpc_channel* channel : channels_) {
    grpc_connectivity_state state = grpc_channel_check_connectivity_state(channel, 1);
    while (state != GRPC_CHANNEL_READY) {
      grpc_channel_watch_connectivity_state(channel, state, Deadline(until), queue_, nullptr);
      const grpc_event event = grpc_completion_queue_next(queue_, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
      if (event.success == 0) Refuse("nothing speaks gRPC at " + options_.target);
      state = grpc_channel_check_connectivity_state(channel, 1);
    }
  }
}

grpc_call* GrpcClient::NewCall(const grpc_slice& method) {
  grpc_channel* const channel = channels_[next_++ % channels_.size()];
  return grpc_channel_create_call(channel, nullptr, GRPC_PROPAGATE_DEFAULTS, queue_, method, nullptr,
                                  gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
}

gpr_timespec Deadline(Clock::time_point time) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(time - Clock::now()).count();
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left > 0 ? left : 0, GPR_TIMESPAN));
}

}  // namespace easel::bench
