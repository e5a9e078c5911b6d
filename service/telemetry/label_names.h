#pragma once

#include <string_view>

#include "easel/v1/generation.pb.h"
#include "easel/v1/model.pb.h"

namespace easel::telemetry {

// "hd", "standard", or "unspecified".
inline std::string_view QualityLabel(v1::Quality quality) {
  switch (quality) {
    case v1::QUALITY_HD:
      return "hd";
    case v1::QUALITY_STANDARD:
      return "standard";
    default:
      return "unspecified";
  }
}

// "succeeded" for GENERATION_STATE_SUCCEEDED.
inline std::string_view StateLabel(v1::GenerationState state) {
  switch (state) {
    case v1::GENERATION_STATE_QUEUED:
      return "queued";
    case v1::GENERATION_STATE_SUBMITTING:
      return "submitting";
    case v1::GENERATION_STATE_RENDERING:
      return "rendering";
    case v1::GENERATION_STATE_FETCHING:
      return "fetching";
    case v1::GENERATION_STATE_SUCCEEDED:
      return "succeeded";
    case v1::GENERATION_STATE_FAILED:
      return "failed";
    case v1::GENERATION_STATE_CANCELLED:
      return "cancelled";
    default:
      return "unspecified";
  }
}

}  // namespace easel::telemetry
