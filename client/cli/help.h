#pragma once

#include <string>

#include "cli/command.h"

namespace easel::cli {

// The text of `easel --help`.
std::string GeneralHelp();
// The text of `easel COMMAND --help`.
std::string CommandHelp(const Command& command);

}  // namespace easel::cli
