#pragma once

#include "generation/admission.h"
#include "generation/lifecycle.h"

namespace easel::generation {

// Where nobody waits, a new generation has its turn before it is recorded, and its first record is SUBMITTING already: one
// commit less on its way. `record` is a new one, not recorded yet; unchanged if it has to wait.
Standing TakeFirstTurn(const World& world, Record& record, Admission::Place place);

}  // namespace easel::generation
