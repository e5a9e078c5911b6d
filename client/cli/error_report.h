#pragma once

#include <string>

#include "absl/status/status.h"

namespace easel::cli {

// The error as a person wants it: what, which values (each violation with its flag's name), what became of the work and
// the money, and what to do. Ends in a line break. `server` names the service where it cannot be reached; may be empty.
std::string HumanReport(const absl::Status& status, const std::string& server);

// The error as one line of JSON: google.rpc.Status with its details.
std::string JsonReport(const absl::Status& status);

// The option that a field of a request comes from: "spec.size.width" is "--size". A field of no option is its own name.
std::string FlagOf(const std::string& field);

}  // namespace easel::cli
