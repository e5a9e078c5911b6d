#pragma once

#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"
#include "generation/admission.h"
#include "generation/history.h"

namespace easel::generation {

// Where a running generation probably stands: an estimate from this service's own history.
v1::Progress EstimateProgress(const v1::Generation& generation, const Admission& admission, const History& history,
                              absl::Time now);

}  // namespace easel::generation
