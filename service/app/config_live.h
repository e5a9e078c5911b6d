#pragma once

#include <string>
#include <vector>

#include "app/config_schema.h"
#include "app/environment.h"
#include "app/flags.h"

namespace easel::app {

// What a change of the configuration means for a service that runs.

// The settings that differ and cannot change before the next start, by their paths.
std::vector<std::string> NeedRestart(const Settings& running, const Settings& fresh);

// The files that a configuration was made of: its own, and those of keys and certificates.
std::vector<std::string> FilesOf(const Flags& flags, const Environment& environment, const Settings& settings);

}  // namespace easel::app
