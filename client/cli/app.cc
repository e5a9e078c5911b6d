#include "cli/app.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "cli/command_line.h"
#include "cli/error_report.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "cli/usage.h"

namespace easel::cli {
namespace {

// The file that an option names, read into `content`; nothing for an option that is not there.
absl::Status ReadFile(const std::string& option, const std::string& path, const std::string& what, std::string& content) {
  if (path.empty()) return absl::OkStatus();
  std::ifstream file(path);
  std::ostringstream contents;
  contents << file.rdbuf();
  content = contents.str();
  if (!file || content.empty()) return UsageError(option, "cannot read " + what + " from " + path);
  return absl::OkStatus();
}

absl::StatusOr<client::ConnectOptions> ConnectOptionsOf(const GlobalOptions& global) {
  client::ConnectOptions options;
  options.address = global.server;
  options.caller = global.caller;
  options.user_agent = "easel-cli/" EASEL_VERSION;
  // A person waits in front of it: a service that is not there is reported after seconds.
  options.retry.max_attempts = 4;
  options.api_key = global.api_key;
  absl::Status read = ReadFile("--api-key-file", global.api_key_file, "a key", options.api_key);
  absl::StripAsciiWhitespace(&options.api_key);
  if (!read.ok() || !global.tls) return read.ok() ? absl::StatusOr<client::ConnectOptions>(options) : read;
  client::TlsOptions& tls = options.tls.emplace();
  read.Update(ReadFile("--tls-ca", global.tls_ca, "certificates", tls.root_certificates));
  read.Update(ReadFile("--tls-cert", global.tls_cert, "a certificate", tls.certificate_chain));
  read.Update(ReadFile("--tls-key", global.tls_key, "a private key", tls.private_key));
  if (!read.ok()) return read;
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
