#pragma once

#include <string>

#include "app/config_schema.h"

namespace easel::app {

// Every setting as YAML that ReadYaml reads back, except for secrets, which are "***".
std::string PrintYaml(const Settings& settings);

// The table of settings for the documentation, in Markdown.
std::string PrintTable();

}  // namespace easel::app
