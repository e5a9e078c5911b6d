#pragma once

#include <functional>
#include <string>

namespace easel::rpc {

// Sends what gRPC itself has to say (sockets, handshakes) to `write`, instead of lines of its own kind on standard error.
// For the whole process, from now on, once: before the first server starts. `write` is called by any thread.
void RouteGrpcLog(std::function<void(bool is_error, std::string message)> write);

}  // namespace easel::rpc
