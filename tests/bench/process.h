#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace easel::bench {

// What every program of the benchmark does first: as many descriptors as the system allows, no SIGPIPE, locks without
// bookkeeping, and an end at once with exit code 0 at SIGTERM and SIGINT.
void PrepareProcess();

// A listening socket of 127.0.0.1:PORT and its like; port 0 takes a free one. With `shared`, several sockets may have the
// same port. Ends the process with a sentence if it cannot be had.
int ListenOn(const std::string& address, bool shared);

// "host:port" of a listening socket.
std::string AddressOf(int socket);

// {"KEY": "ADDRESS"}, written whole by rename. Nothing is written if `path` is empty.
void WriteReadyFile(const std::string& path, std::string_view key, std::string_view address);

// Says why on standard error and ends the process with exit code 2.
[[noreturn]] void Refuse(std::string_view why);

}  // namespace easel::bench
