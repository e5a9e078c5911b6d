#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <grpc/grpc.h>

#include "tests/bench/load.h"

namespace easel::bench {

struct ClientOptions {
  std::string target;
  int channels = 4;
  // Sent with every call.
  std::vector<std::pair<std::string, std::string>> metadata;
};

// Connections to a service, and one completion queue, by gRPC's own C interface: the C++ one costs as much again for each
// call. For one thread.
class GrpcClient {
 public:
  explicit GrpcClient(const ClientOptions& options);
  ~GrpcClient();
  GrpcClient(const GrpcClient&) = delete;
  GrpcClient& operator=(const GrpcClient&) = delete;

  // Ends the process with a sentence if the service cannot be reached.
  void Connect();

  // Of the next connection in turn. `method` holds no borrowed memory: a connection remembers it.
  grpc_call* NewCall(const grpc_slice& method);

  grpc_completion_queue* queue() const { return queue_; }
  std::vector<grpc_metadata>& metadata() { return metadata_; }

 private:
  ClientOptions options_;
  grpc_completion_queue* queue_;
  std::vector<grpc_channel*> channels_;
  std::size_t next_ = 0;
  std::vector<grpc_metadata> metadata_;
};

// The time as gRPC's queues take it.
gpr_timespec Deadline(Clock::time_point time);

}  // namespace easel::bench
