#pragma once

#include <optional>
#include <string>

#include <grpcpp/server_context.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/callers.h"

namespace easel::rpc {

// Who calls, by the credentials that a call and its connection carry: nothing where none are needed, and UNAUTHENTICATED
// where they are and do not fit.
absl::StatusOr<std::optional<std::string>> Identify(const Callers* callers, const grpc::CallbackServerContext& context,
                                                    absl::Time now);

}  // namespace easel::rpc
