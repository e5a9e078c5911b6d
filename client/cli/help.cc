#include "cli/help.h"

#include <boost/program_options/options_description.hpp>
#include <sstream>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace easel::cli {
namespace {

namespace po = boost::program_options;

std::string OptionsText(const std::string& title, void (*add)(po::options_description&)) {
  const auto width = static_cast<unsigned>(IsTerminal(1) ? Width(1) : 100);
  const unsigned columns = width < 60 ? 60 : width;
  po::options_description options(title, columns, columns / 2);
  add(options);
  if (options.options().empty()) return "";
  std::ostringstream text;
  text << "\n" << options;
  return text.str();
}

void AddGlobal(po::options_description& options) {
  const po::options_description global = GlobalDescription();
  for (const auto& option : global.options()) options.add(option);
}

}  // namespace

std::string GeneralHelp() {
  std::string text =
      "easel makes images with GLM-Image and CogView-4 through an Easel service. What the service accepted is\n"
      "kept: a broken connection or a closed terminal loses nothing and pays nothing twice.\n"
      "\nUsage: easel COMMAND [ARGUMENT] [OPTIONS]\n\nCommands:\n";
  for (const Command& command : Commands()) {
    const std::string usage = command.argument.empty() ? command.name : command.name + " " + command.argument;
    text += "  " + usage + std::string(18 - usage.size(), ' ') + command.summary + "\n";
  }
  text += OptionsText("Options of every command", &AddGlobal);
  text +=
      "\nExit codes: 0 done, 2 usage or bad input, 3 content blocked, 4 try again later, 5 quota or money,\n"
      "6 outcome unknown (it may have been paid), 7 not found, 1 anything else.\n"
      "\nExamples:\n"
      "  easel generate \"a kitten on a windowsill\" -o kitten.png\n"
      "  name=$(easel start \"a poster that says 'Spring Sale'\" --quality hd)\n"
      "  easel watch $name && easel read $name -o poster.png\n"
      "  easel list --state failed --json\n"
      "\neasel COMMAND --help tells more.\n";
  return text;
}

std::string CommandHelp(const Command& command) {
  const std::string argument = command.argument.empty() ? "" : command.argument + " ";
  return "Usage: easel " + command.name + " " + argument + "[OPTIONS]\n\n" + command.summary + "\n" +
         (command.description.empty() ? "" : "\n" + command.description) + OptionsText("Options", command.add_options) +
         OptionsText("Options of every command", &AddGlobal) + "\nExamples:\n" + command.examples;
}

}  // namespace easel::cli
