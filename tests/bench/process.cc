#include "tests/bench/process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace easel::bench {
namespace {

constexpr int kBacklog = 16 * 1024;

void EndAtOnce(int /*signal*/) { _exit(0); }

sockaddr_in ReadAddress(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  int port = 0;
  sockaddr_in read{};
  read.sin_family = AF_INET;
  const bool good = colon != std::string::npos && absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 &&
                    port <= 65535 && inet_pton(AF_INET, address.substr(0, colon).c_str(), &read.sin_addr) == 1;
  if (!good) Refuse(absl::StrCat("--listen takes an IPv4 address and a port, as 127.0.0.1:0, not \"", address, "\""));
  read.sin_port = htons(static_cast<std::uint16_t>(port));
  return read;
}

}  // namespace

void PrepareProcess() {
  // Debian builds Abseil with its checks on, and gRPC's locks are Abseil's: looking for cycles costs 7 % of a call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, EndAtOnce);
  std::signal(SIGINT, EndAtOnce);
}

int ListenOn(const std::string& address, bool shared) {
  const sockaddr_in wanted = ReadAddress(address);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&wanted), sizeof wanted) != 0 || listen(listener, kBacklog) != 0) {
    Refuse(absl::StrCat("cannot listen on ", address, ": ", std::strerror(errno)));
  }
  return listener;
}

std::string AddressOf(int socket) {
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  char host[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &bound.sin_addr, host, sizeof host);
  return absl::StrCat(host, ":", ntohs(bound.sin_port));
}

void WriteReadyFile(const std::string& path, std::string_view key, std::string_view address) {
  if (path.empty()) return;
  const std::string part = path + ".part";
  std::ofstream(part) << "{\"" << key << "\": \"" << address << "\"}\n";
  if (std::rename(part.c_str(), path.c_str()) != 0) Refuse("cannot write the ready file " + path);
}

void Refuse(std::string_view why) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
  std::_Exit(2);
}

}  // namespace easel::bench
