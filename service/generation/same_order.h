#pragma once

#include "absl/status/status.h"
#include "easel/v1/image.pb.h"
#include "generation/ports/generation_store.h"

namespace easel::generation {

// OK if `spec` is the content that `record` was made of; else REQUEST_ID_CONFLICT, naming the fields that differ.
absl::Status CheckSameOrder(const v1::ImageSpec& spec, const Record& record);

// An id whose generation failed or was cancelled without a charge starts the same generation again.
bool MayStartAgain(const Record& record);

}  // namespace easel::generation
