#include "cli/commands.h"

namespace easel::cli {

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      GenerateCommand(), StartCommand(),  GetCommand(),  ListCommand(),  WatchCommand(),
      ReadCommand(),     CancelCommand(), DeleteCommand(), QuoteCommand(), ModelsCommand(),
  };
  return commands;
}

const Command* FindCommand(const std::string& name) {
  for (const Command& command : Commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

}  // namespace easel::cli
