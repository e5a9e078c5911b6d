#pragma once

#include <memory>
#include <string>
#include <vector>

#include <grpc/grpc.h>

#include "tests/bench/grpc_client.h"
#include "tests/bench/load.h"
#include "tests/bench/requests.h"

namespace easel::bench {

// The load's calls over gRPC, with one answer or a stream of them.
class GrpcCaller final : public Caller {
 public:
  // Of `cancel_share` of the calls it wants nothing any more as soon as the first word of an answer comes.
  GrpcCaller(GrpcClient& client, Requests& requests, std::size_t slots, double cancel_share = 0);
  ~GrpcCaller() override;

  void Start(std::size_t slot) override;
  void Serve(Clock::time_point until, CallEnds& ends) override;

 private:
  struct Call;
  // What an event of the queue tells about a call.
  enum class What { kBegun, kMessage, kEnded };
  struct Event {
    Call* call;
    What what;
  };
  struct Call {
    Event begun{this, What::kBegun};
    Event message{this, What::kMessage};
    Event ended{this, What::kEnded};
    std::size_t slot = 0;
    grpc_call* call = nullptr;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code status = GRPC_STATUS_UNKNOWN;
    grpc_slice details;
    grpc_byte_buffer* received = nullptr;
    // Events that are still to come.
    int pending = 0;
    bool good = true;
    bool to_cancel = false;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };

  void StartUnary(Call& call, grpc_byte_buffer* request);
  void StartStream(Call& call, grpc_byte_buffer* request);
  void ReceiveNext(Call& call);
  void TakeMessage(Call& call);
  void Conclude(Call& call, CallEnds& ends);

  GrpcClient& client_;
  Requests& requests_;
  const grpc_slice method_;
  const double cancel_share_;
  double cancels_due_ = 0;
  // By slot; they stay where they are.
  std::vector<std::unique_ptr<Call>> calls_;
};

}  // namespace easel::bench
