#pragma once

#include <boost/program_options/options_description.hpp>
#include <string>

#include "absl/status/status.h"

namespace easel::cli {

struct Session;

// One subcommand. Its run function prints results on standard output only, and returns every failure for the caller to
// report.
struct Command {
  std::string name;
  // How its one argument is called in the help, "PROMPT" or "NAME"; empty: it takes none.
  std::string argument;
  // One line for the list of commands.
  std::string summary;
  // What a user should know beyond the options; lines of at most 100 columns.
  std::string description;
  // Lines as they would be typed.
  std::string examples;
  void (*add_options)(boost::program_options::options_description& options);
  absl::Status (*run)(Session& session);
};

inline void NoOptions(boost::program_options::options_description&) {}

}  // namespace easel::cli
