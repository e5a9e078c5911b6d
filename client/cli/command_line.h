#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/command.h"

namespace easel::cli {

struct GlobalOptions {
  std::string server;
  std::string caller;
  std::string api_key;       // secret
  std::string api_key_file;  // where it stands; wins over api_key
  std::string tls_cert, tls_key;
  bool json = false;
  bool tls = false;
  // A file of PEM; empty: the system's.
  std::string tls_ca;
  std::optional<absl::Duration> timeout;
};

// A subcommand's own options as they were given, by name without dashes.
class Arguments {
 public:
  bool Has(const std::string& name) const { return values.count(name) > 0; }
  // Empty: not given.
  std::string Text(const std::string& name) const { return Has(name) ? values[name].as<std::string>() : std::string(); }
  std::vector<std::string> Texts(const std::string& name) const;
  bool Flag(const std::string& name) const { return Has(name) && values[name].as<bool>(); }

  // The prompt or the name; empty where the command takes none.
  std::string argument;
  boost::program_options::variables_map values;
};

struct CommandLine {
  // Null only with help or version.
  const Command* command = nullptr;
  bool help = false;
  bool version = false;
  GlobalOptions global;
  Arguments arguments;
};

// The options that every subcommand has, for parsing and for the help.
boost::program_options::options_description GlobalDescription();

// Options may stand before and after the command's name. Reads EASEL_SERVER, EASEL_CALLER, EASEL_API_KEY and EASEL_API_KEY_FILE. Every error is a
// UsageError.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

// Whether --json was given, even where the rest of the line cannot be parsed.
bool WantsJson(const std::vector<std::string>& arguments);

}  // namespace easel::cli
