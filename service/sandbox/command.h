#pragma once

#include <string>
#include <vector>

namespace easel::sandbox {

// `easeld sandbox ...`: runs a sandbox until SIGINT or SIGTERM. `args` are the words after `sandbox`. Prints one line where it
// listens on standard output, errors in one line on standard error. Answers with the exit code: 0 done, 1 it could not
// start, 2 wrong usage. Call it before other threads are started: it blocks the two signals for its own.
int RunSandbox(const std::vector<std::string>& args);

}  // namespace easel::sandbox
