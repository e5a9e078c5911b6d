#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace easel::cli {

Command GenerateCommand();
Command StartCommand();
Command GetCommand();
Command ListCommand();
Command WatchCommand();
Command CancelCommand();
Command DeleteCommand();
Command ReadCommand();
Command QuoteCommand();
Command ModelsCommand();

// All of them, in the order of the help. Lives as long as the process.
const std::vector<Command>& Commands();

// Null: there is none of that name.
const Command* FindCommand(const std::string& name);

}  // namespace easel::cli
