#pragma once

#include "absl/status/status.h"
#include "easel/v1/generation.pb.h"

namespace easel::client {

bool HasEnded(const v1::Generation& generation);

// Why there is no image: the error of a FAILED generation, CANCELLED with GENERATION_CANCELLED for a cancelled one, as
// the service itself would report them. OK: it succeeded, or is still running.
absl::Status OutcomeOf(const v1::Generation& generation);

}  // namespace easel::client
