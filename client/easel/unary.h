#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/statusor.h"
#include "easel/call_context.h"
#include "easel/retry.h"

namespace easel::client {

template <typename Request, typename Response>
using Method = grpc::Status (v1::ImageService::StubInterface::*)(grpc::ClientContext*, const Request&, Response*);

// One attempt at a unary RPC. What gRPC's service config allows, gRPC itself repeats.
template <typename Request, typename Response>
absl::StatusOr<Response> CallOnce(const Core& core, Method<Request, Response> method, const Request& request,
                                  absl::Time deadline, const CallOptions& options) {
  CallContext context(core, deadline, options.cancellation);
  Response response;
  const grpc::Status status = (core.stub.get()->*method)(context.get(), request, &response);
  if (!status.ok()) return context.Result(status);
  return response;
}

// As often as is safe. `request` carries a request_id.
template <typename Request, typename Response>
absl::StatusOr<Response> CallRepeatedly(const Core& core, Method<Request, Response> method, const Request& request,
                                        const CallOptions& options) {
  Retry retry(core.options.retry, options, core.waiter);
  while (true) {
    absl::StatusOr<Response> response = CallOnce(core, method, request, retry.deadline(), options);
    if (response.ok()) return response;
    if (!retry.WaitAfter(response.status())) return WithMetadata(response.status(), "request_id", request.request_id());
  }
}

}  // namespace easel::client
