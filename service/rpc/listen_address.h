#pragma once

#include <string>

namespace easel::rpc {

// Why "host:port" cannot be listened on, as the system says it ("Address already in use"); gRPC itself does not tell.
// Tries to bind, and so blocks while a name is resolved. "" if it can be bound now.
std::string WhyNotListen(const std::string& address);

// "host:port" with this port in place of its own.
std::string WithPort(const std::string& address, int port);

}  // namespace easel::rpc
