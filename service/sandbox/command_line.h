#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sandbox/options.h"

namespace easel::sandbox {

struct CommandLine {
  SandboxOptions options;
  std::string ready_file;
  bool help = false;
};

// What `--help` prints.
extern const char kUsage[];

// Reads `--name value` and `--name=value`. INVALID_ARGUMENT names the word that is wrong.
absl::StatusOr<CommandLine> ReadCommandLine(const std::vector<std::string>& args);

}  // namespace easel::sandbox
