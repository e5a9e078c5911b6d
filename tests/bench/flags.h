#pragma once

#include <string>

#include <boost/program_options.hpp>

#include "absl/time/time.h"

namespace easel::bench {

// A flag that takes a duration such as 20s or 150ms.
boost::program_options::typed_value<std::string>* DurationFlag(absl::Duration& into);

// Fills what the flags point to. --help prints them; anything wrong ends the process with a sentence and exit code 2.
// `positional` names the flag that the first word without a name stands for; empty: there is none.
void ReadFlags(int argc, char** argv, boost::program_options::options_description flags, const std::string& positional = "");

}  // namespace easel::bench
