#pragma once

#include <string>
#include <vector>

namespace easel::cli {

// The `easel` command from its arguments (without the program's name) to its exit code. To be called once, from main,
// before any other thread exists.
int Run(const std::vector<std::string>& arguments);

}  // namespace easel::cli
