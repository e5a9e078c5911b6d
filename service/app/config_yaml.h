#pragma once

#include <string>

#include "app/config_problems.h"
#include "app/config_schema.h"
#include "app/config_sources.h"

namespace easel::app {

// Reads a YAML text into `settings`, and checks it on the way: syntax, unknown and repeated names, types, bounds, missing
// values, secrets that do not belong in a file. Every problem is one line "NAME:LINE: ...".
void ReadYaml(const std::string& name, const std::string& text, Settings& settings, Sources& sources,
              Problems& problems);

}  // namespace easel::app
