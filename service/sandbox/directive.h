#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sandbox/fault.h"

namespace easel::sandbox {

// The faults of all `[[sandbox: ...]]` directives of a prompt, in order; their words are explained in fault.h.
// INVALID_ARGUMENT for an unknown word, and for a directive without its end.
absl::StatusOr<std::vector<Fault>> FaultsInPrompt(std::string_view prompt);

// The prompt as a picture should show it.
std::string WithoutDirectives(std::string_view prompt);

}  // namespace easel::sandbox
