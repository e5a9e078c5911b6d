#include "cli/app.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "cli/command_line.h"
#include "cli/error_report.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "cli/usage.h"

namespace easel::cli {
namespace {

absl::StatusOr<client::ConnectOptions> ConnectOptionsOf(const GlobalOptions& global) {
  client::ConnectOptions options;
  options.address = global.server;
  options.caller = global.caller;
  options.user_agent = "easel-cli/" EASEL_VERSION;
  // A person waits in front of it: a service that is not there is reported after seconds.
  options.retry.max_attempts = 4;
  if (!global.tls) return options;
  options.tls.emplace();
  if (global.tls_ca.empty()) return options;
  std::ifstream file(global.tls_ca);
  std::ostringstream contents;
  contents << file.rdbuf();
  if (!file || contents.str().empty()) return UsageError("--tls-ca", "cannot read certificates from " + global.tls_ca);
  options.tls->root_certificates = contents.str();
  return options;
}

absl::Status RunCommand(CommandLine& line, const Interrupt& interrupt) {
  const auto options = ConnectOptionsOf(line.global);
  if (!options.ok()) return options.status();
  auto client = client::Client::Connect(*options);
  if (!client.ok()) return client.status();
  Session session{std::move(line.global), std::move(line.arguments), *std::move(client), interrupt.cancellation()};
  return line.command->run(session);
}

absl::Status RunOrExplain(CommandLine& line, const Interrupt& interrupt) {
  if (line.version) {
    std::cout << "easel " EASEL_VERSION "\n";
  } else if (line.help) {
    std::cout << (line.command == nullptr ? GeneralHelp() : CommandHelp(*line.command));
  } else {
    return RunCommand(line, interrupt);
  }
  return absl::OkStatus();
}

}  // namespace

int Run(const std::vector<std::string>& arguments) {
  // gRPC's own words are not for users; whoever looks for them sets the variable.
  ::setenv("GRPC_VERBOSITY", "NONE", 0);
  const Interrupt interrupt;
  absl::StatusOr<CommandLine> line = ParseCommandLine(arguments);
  const bool json = WantsJson(arguments);
  const std::string server = line.ok() ? line->global.server : "";
  absl::Status status = line.ok() ? RunOrExplain(*line, interrupt) : line.status();
  std::cout.flush();
  if (status.ok() && !std::cout) {
    status = client::ClientError(absl::StatusCode::kDataLoss, client::kFile, "cannot write to standard output");
  }
  if (status.ok()) return kDone;
  std::cerr << (json ? JsonReport(status) : HumanReport(status, server)) << std::flush;
  return ExitCodeOf(status);
}

}  // namespace easel::cli
