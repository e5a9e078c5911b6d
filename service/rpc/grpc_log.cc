#include "rpc/grpc_log.h"

#include <utility>

#include <grpc/support/log.h>

namespace easel::rpc {
namespace {

using Write = std::function<void(bool, std::string)>;

// Never freed: gRPC's threads may log until the process ends.
Write*& Route() {
  static Write* route = nullptr;
  return route;
}

void Forward(gpr_log_func_args* line) { (*Route())(line->severity == GPR_LOG_SEVERITY_ERROR, line->message); }

}  // namespace

void RouteGrpcLog(Write write) {
  if (Route() != nullptr) return;
  Route() = new Write(std::move(write));
  gpr_set_log_function(Forward);
}

}  // namespace easel::rpc
