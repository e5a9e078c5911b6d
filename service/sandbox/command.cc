#include "sandbox/command.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <system_error>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "sandbox/command_line.h"
#include "sandbox/sandbox.h"

namespace easel::sandbox {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsageError = 2;

int Complain(int exit_code, const absl::Status& status) {
  std::cerr << "easeld sandbox: " << std::string(status.message())
            << (exit_code == kUsageError ? " (easeld sandbox --help lists the options)" : "") << std::endl;
  return exit_code;
}

// Whoever reads the file sees nothing or all of it.
absl::Status WriteReadyFile(const std::string& path, const std::string& address) {
  const std::string partial = path + ".partial";
  std::ofstream file(partial, std::ios::trunc);
  file << boost::json::serialize(boost::json::object{{"http", address}}) << "\n";
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(partial, path, error);
  if (file && !error) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("cannot write the ready file ", path));
}

void Announce(const SandboxOptions& options, const Sandbox& sandbox) {
  std::cout << "easeld sandbox: a local Z.AI at " << sandbox.base_url()
            << (options.keys.empty() ? ", any API key is let in" : "") << std::endl;
}

}  // namespace

int RunSandbox(const std::vector<std::string>& args) {
  const auto line = ReadCommandLine(args);
  if (!line.ok()) return Complain(kUsageError, line.status());
  if (line->help) {
    std::cout << kUsage;
    return kDone;
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const auto sandbox = Sandbox::Start(line->options);
  if (!sandbox.ok()) return Complain(kFailed, sandbox.status());
  if (!line->ready_file.empty()) {
    const absl::Status written = WriteReadyFile(line->ready_file, (*sandbox)->address());
    if (!written.ok()) return Complain(kFailed, written);
  }
  Announce(line->options, **sandbox);
  int signal = 0;
  sigwait(&ending, &signal);
  return kDone;
}

}  // namespace easel::sandbox
