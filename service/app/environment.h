#pragma once

#include <map>
#include <optional>
#include <string>

namespace easel::app {

// What the process was started with, as a value: tests bring their own.
struct Environment {
  std::map<std::string, std::string> variables;
  // The effective user is root.
  bool root = false;

  // Nothing for a variable that is empty: compose files and charts set those for "not given".
  std::optional<std::string> Get(const std::string& name) const;
};

// This process's own.
Environment ReadEnvironment();

}  // namespace easel::app
