#pragma once

#include <string>
#include <vector>

#include "app/config_problems.h"
#include "app/config_schema.h"
#include "app/config_sources.h"
#include "app/environment.h"

namespace easel::app {

// Lays the environment over the file: each setting's variable, and for a secret also the file that the variable with
// "_FILE" names. Empty variables count as absent.
void ApplyEnvironment(const Environment& environment, Settings& settings, Sources& sources, Problems& problems);

// Fills in what neither file nor environment set.
void ApplyDefaults(Settings& settings, const Sources& sources);

// Hints on variables that look like mistyped settings. Others that begin with EASEL_ are left alone: orchestrators make
// such names for a service called easel.
std::vector<std::string> HintsOnVariables(const Environment& environment);

// The first value of: `env`, the file that `env`_FILE names. Empty where neither is set, or with a problem.
std::string ReadSecret(const Environment& environment, const std::string& env, Problems& problems);

// A file's content without the white space around it; empty with a problem at `where`, which names `path` only if it
// looks like one.
std::string ReadSecretFile(const std::string& where, const std::string& path, Problems& problems);

}  // namespace easel::app
