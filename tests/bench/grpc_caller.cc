#include "tests/bench/grpc_caller.h"

#include <array>
#include <utility>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>

#include "tests/bench/call_status.h"

namespace easel::bench {
namespace {

constexpr std::size_t kMostShown = 32 * 1024;

grpc_op SendMetadata(std::vector<grpc_metadata>& metadata) {
  grpc_op op{};
  op.op = GRPC_OP_SEND_INITIAL_METADATA;
  op.data.send_initial_metadata.count = metadata.size();
  op.data.send_initial_metadata.metadata = metadata.data();
  return op;
}

grpc_op SendMessage(grpc_byte_buffer* message) {
  grpc_op op{};
  op.op = GRPC_OP_SEND_MESSAGE;
  op.data.send_message.send_message = message;
  return op;
}

grpc_op SendClose() {
  grpc_op op{};
  op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  return op;
}

grpc_op ReceiveMetadata(grpc_metadata_array* into) {
  grpc_op op{};
  op.op = GRPC_OP_RECV_INITIAL_METADATA;
  op.data.recv_initial_metadata.recv_initial_metadata = into;
  return op;
}

grpc_op ReceiveMessage(grpc_byte_buffer** into) {
  grpc_op op{};
  op.op = GRPC_OP_RECV_MESSAGE;
  op.data.recv_message.recv_message = into;
  return op;
}

grpc_op ReceiveStatus(grpc_metadata_array* trailing, grpc_status_code* status, grpc_slice* details) {
  grpc_op op{};
  op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  op.data.recv_status_on_client.trailing_metadata = trailing;
  op.data.recv_status_on_client.status = status;
  op.data.recv_status_on_client.status_details = details;
  return op;
}

template <std::size_t kCount>
void StartBatch(grpc_call* call, const std::array<grpc_op, kCount>& ops, void* event) {
  grpc_call_start_batch(call, ops.data(), kCount, event, nullptr);
}

}  // namespace

GrpcCaller::GrpcCaller(GrpcClient& client, Requests& requests, std::size_t slots, double cancel_share)
    : client_(client), requests_(requests), method_(grpc_slice_from_copied_string(requests.method().c_str())),
      cancel_share_(cancel_share) {
  for (std::size_t slot = 0; slot < slots; ++slot) {
    calls_.push_back(std::make_unique<Call>());
    calls_.back()->slot = slot;
  }
}

GrpcCaller::~GrpcCaller() {
  for (const auto& call : calls_) {
    if (call->call != nullptr) grpc_call_cancel(call->call, nullptr);
  }
  class Nobody final : public CallEnds {
    void Ended(std::size_t /*slot*/, const Outcome& /*outcome*/) override {}
  } nobody;
  for (const auto& call : calls_) {
    while (call->call != nullptr) Serve(Clock::now() + std::chrono::seconds(1), nobody);
  }
  grpc_slice_unref(method_);
}

void GrpcCaller::Start(std::size_t slot) {
  Call& call = *calls_[slot];
  call.call = client_.NewCall(method_);
  grpc_metadata_array_init(&call.initial);
  grpc_metadata_array_init(&call.trailing);
  call.good = true;
  call.messages = 0;
  call.bytes = 0;
  grpc_slice slice = requests_.Next(slot);
  grpc_byte_buffer* const request = grpc_raw_byte_buffer_create(&slice, 1);
  grpc_slice_unref(slice);
  cancels_due_ += cancel_share_;
  call.to_cancel = cancels_due_ >= 1;
  if (call.to_cancel) cancels_due_ -= 1;
  requests_.streaming() || call.to_cancel ? StartStream(call, request) : StartUnary(call, request);
  grpc_byte_buffer_destroy(request);
}

void GrpcCaller::StartUnary(Call& call, grpc_byte_buffer* request) {
  call.pending = 1;
  const std::array ops = {SendMetadata(client_.metadata()),
                          SendMessage(request),
                          SendClose(),
                          ReceiveMetadata(&call.initial),
                          ReceiveMessage(&call.received),
                          ReceiveStatus(&call.trailing, &call.status, &call.details)};
  StartBatch(call.call, ops, &call.ended);
}

void GrpcCaller::StartStream(Call& call, grpc_byte_buffer* request) {
  call.pending = 2;
  const std::array begin = {SendMetadata(client_.metadata()), SendMessage(request), SendClose(),
                            ReceiveMetadata(&call.initial)};
  const std::array end = {ReceiveStatus(&call.trailing, &call.status, &call.details)};
  StartBatch(call.call, begin, &call.begun);
  StartBatch(call.call, end, &call.ended);
  ReceiveNext(call);
}

void GrpcCaller::ReceiveNext(Call& call) {
  ++call.pending;
  const std::array next = {ReceiveMessage(&call.received)};
  StartBatch(call.call, next, &call.message);
}

void GrpcCaller::Serve(Clock::time_point until, CallEnds& ends) {
  const grpc_event event = grpc_completion_queue_next(client_.queue(), Deadline(until), nullptr);
  if (event.type != GRPC_OP_COMPLETE) return;
  const Event& came = *static_cast<Event*>(event.tag);
  Call& call = *came.call;
  --call.pending;
  if (came.what == What::kBegun && call.to_cancel) grpc_call_cancel(call.call, nullptr);
  if (came.what != What::kBegun && call.received != nullptr) {
    TakeMessage(call);
    if (came.what == What::kMessage) ReceiveNext(call);
  }
  if (call.pending == 0) Conclude(call, ends);
}

void GrpcCaller::TakeMessage(Call& call) {
  const std::size_t size = grpc_byte_buffer_length(call.received);
  ++call.messages;
  call.bytes += size;
  if (size <= kMostShown) {
    grpc_byte_buffer_reader reader;
    grpc_byte_buffer_reader_init(&reader, call.received);
    const grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);
    call.good = call.good && requests_.Check(call.slot, {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(whole)), size});
    grpc_slice_unref(whole);
    grpc_byte_buffer_reader_destroy(&reader);
  }
  grpc_byte_buffer_destroy(std::exchange(call.received, nullptr));
}

void GrpcCaller::Conclude(Call& call, CallEnds& ends) {
  Outcome outcome;
  outcome.bytes = call.bytes;
  if (call.status != GRPC_STATUS_OK) {
    outcome = FailureOf(call.status, call.details, call.trailing);
  } else if (!call.good || call.messages == 0) {
    outcome.error = "BAD REPLY";
    outcome.message = "the answer is not what was asked for";
  }
  grpc_metadata_array_destroy(&call.initial);
  grpc_metadata_array_destroy(&call.trailing);
  grpc_slice_unref(call.details);
  grpc_call_unref(std::exchange(call.call, nullptr));
  ends.Ended(call.slot, outcome);
}

}  // namespace easel::bench
