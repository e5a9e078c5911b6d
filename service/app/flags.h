#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace easel::app {

// What `easeld` was asked to do.
enum class Action { kServe, kCheck, kPrintConfig, kHelp, kVersion, kSandboxAlone };

struct Flags {
  Action action = Action::kServe;
  std::optional<std::string> config_file;
  std::optional<std::string> ready_file;
  bool sandbox = false;
  bool insecure = false;
  // What follows `easeld sandbox`, only with kSandboxAlone: that command reads its own flags.
  std::vector<std::string> sandbox_arguments;
};

// Reads what follows the program's name. INVALID_ARGUMENT with one line for people.
absl::StatusOr<Flags> ParseFlags(const std::vector<std::string>& arguments);

// What --help prints.
std::string HelpText();

// As "0.1.0".
std::string Version();

}  // namespace easel::app
