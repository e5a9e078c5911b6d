#include "cli/command_line.h"

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <cstdlib>

#include "absl/strings/match.h"
#include "cli/commands.h"
#include "cli/suggestion.h"
#include "cli/usage.h"
#include "cli/values.h"

namespace easel::cli {
namespace {

namespace po = boost::program_options;

std::string Environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

// Where the command's name stands: the first word that is no option and no global option's value.
std::vector<std::string>::const_iterator FindName(const std::vector<std::string>& arguments) {
  static const std::vector<std::string> with_value = {"--server",  "--caller",   "--api-key-file", "--tls-ca",
                                                     "--tls-cert", "--tls-key", "--timeout"};
  auto word = arguments.begin();
  while (word != arguments.end() && absl::StartsWith(*word, "-")) {
    const bool skips = std::find(with_value.begin(), with_value.end(), *word) != with_value.end();
    word += skips && word + 1 != arguments.end() ? 2 : 1;
  }
  return word;
}

// A switch that may stand alone: a bare --watermark means true, and must not take the prompt behind it for its value.
void CompleteSwitches(std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  for (auto word = words.begin(); word != end; ++word) {
    const bool valued = word + 1 != end && (word[1] == "true" || word[1] == "false");
    if (*word == "--watermark" && !valued) *word = "--watermark=true";
  }
}

absl::Status UnknownCommand(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : Commands()) names.push_back(command.name);
  return UsageError("COMMAND", "there is no command \"" + name + "\"" + DidYouMean(name, names) +
                                   "; easel --help lists them all");
}

absl::Status UnknownOption(const std::string& option, const po::options_description& options, const std::string& help) {
  std::vector<std::string> names;
  for (const auto& known : options.options()) names.push_back("--" + known->long_name());
  const std::string message = "there is no option " + option + DidYouMean(option, names);
  return UsageError(option, message + "; " + help + " lists them all");
}

// Program_options reports by exceptions; they end here.
absl::StatusOr<po::variables_map> ParseOptions(const std::vector<std::string>& words,
                                               const po::options_description& visible, const std::string& help) {
  po::options_description all;
  all.add(visible).add_options()("argument", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("argument", -1);
  namespace style = po::command_line_style;
  po::variables_map values;
  try {
    po::store(po::command_line_parser(words)
                  .options(all)
                  .positional(positional)
                  .style(style::unix_style & ~style::allow_guessing)
                  .run(),
              values);
  } catch (const po::unknown_option& error) {
    return UnknownOption(error.get_option_name(), visible, help);
  } catch (const po::error_with_option_name& error) {
    return UsageError(error.get_option_name(), std::string(error.what()) + "; " + help + " explains it");
  } catch (const po::error& error) {
    return UsageError("OPTIONS", std::string(error.what()) + "; " + help + " explains them");
  }
  return values;
}

absl::Status TakeArgument(const Command& command, Arguments& arguments) {
  const std::vector<std::string> words = arguments.Texts("argument");
  const std::string expected = command.argument;
  if (expected.empty() && !words.empty()) {
    return UsageError("ARGUMENT", "easel " + command.name + " takes no argument, but got \"" + words[0] + "\"");
  }
  if (!expected.empty() && words.empty()) {
    return UsageError(expected, expected + " is missing: easel " + command.name + " " + expected);
  }
  if (words.size() > 1) {
    const std::string hint = expected == "PROMPT" ? "; put the prompt in quotation marks" : "";
    return UsageError(expected, "easel " + command.name + " takes one " + expected + ", but got a second: \"" +
                                    words[1] + "\"" + hint);
  }
  if (!words.empty()) arguments.argument = words[0];
  return absl::OkStatus();
}

absl::Status TakeGlobal(const Arguments& arguments, GlobalOptions& global) {
  global.server = arguments.Has("server") ? arguments.Text("server") : Environment("EASEL_SERVER", "127.0.0.1:50051");
  global.caller = arguments.Has("caller") ? arguments.Text("caller") : Environment("EASEL_CALLER", "");
  // A key on the command line would stand in the list of processes.
  global.api_key = Environment("EASEL_API_KEY", "");
  global.api_key_file =
      arguments.Has("api-key-file") ? arguments.Text("api-key-file") : Environment("EASEL_API_KEY_FILE", "");
  global.json = arguments.Flag("json");
  global.tls_ca = arguments.Text("tls-ca");
  global.tls_cert = arguments.Text("tls-cert");
  global.tls_key = arguments.Text("tls-key");
  global.tls = arguments.Flag("tls") || !global.tls_ca.empty() || !global.tls_cert.empty() || !global.tls_key.empty();
  if (!arguments.Has("timeout")) return absl::OkStatus();
  const auto timeout = ParseTimeout(arguments.Text("timeout"));
  if (timeout.ok()) global.timeout = *timeout;
  return timeout.status();
}

}  // namespace

std::vector<std::string> Arguments::Texts(const std::string& name) const {
  return Has(name) ? values[name].as<std::vector<std::string>>() : std::vector<std::string>();
}

po::options_description GlobalDescription() {
  po::options_description options;
  options.add_options()
      ("server", po::value<std::string>()->value_name("HOST:PORT"),
       "the service; else EASEL_SERVER, else 127.0.0.1:50051")
      ("caller", po::value<std::string>()->value_name("NAME"),
       "who calls; else EASEL_CALLER. Generations and request ids belong to a caller")
      ("api-key-file", po::value<std::string>()->value_name("FILE"),
       "the caller's key; else EASEL_API_KEY_FILE, or EASEL_API_KEY with the key itself")
      ("timeout", po::value<std::string>()->value_name("TIME"),
       "for the whole command, as 90s or 5m. Commands that wait for an image have none of their own, the others 30s")
      ("tls", po::bool_switch(), "speak TLS, trusting the system's authorities")
      ("tls-ca", po::value<std::string>()->value_name("FILE"), "speak TLS, trusting the certificates in FILE (PEM)")
      ("tls-cert", po::value<std::string>()->value_name("FILE"), "speak TLS, and show the certificate in FILE (PEM)")
      ("tls-key", po::value<std::string>()->value_name("FILE"), "its private key (PEM)")
      ("json", po::bool_switch(),
       "one JSON object a line on standard output; errors as google.rpc.Status on standard error")
      ("help,h", po::bool_switch(), "this text")
      ("version", po::bool_switch(), "the version");
  return options;
}

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  std::vector<std::string> words = arguments;
  if (!words.empty() && words[0] == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  }
  const auto name = FindName(words);
  po::options_description options = GlobalDescription();
  std::string help = "easel --help";
  if (name != words.end()) {
    line.command = FindCommand(*name);
    if (line.command == nullptr) return UnknownCommand(*name);
    help = "easel " + *name + " --help";
    words.erase(name);
    line.command->add_options(options);
  }
  CompleteSwitches(words);
  auto values = ParseOptions(words, options, help);
  if (!values.ok()) return values.status();
  line.arguments.values = *std::move(values);
  line.help = line.arguments.Flag("help");
  line.version = line.arguments.Flag("version");
  if (line.help || line.version) return line;
  if (line.command == nullptr) return UsageError("COMMAND", "which command? easel --help lists them all");
  if (absl::Status status = TakeGlobal(line.arguments, line.global); !status.ok()) return status;
  if (absl::Status status = TakeArgument(*line.command, line.arguments); !status.ok()) return status;
  return line;
}

bool WantsJson(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

}  // namespace easel::cli
