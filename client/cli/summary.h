#pragma once

#include <string>

#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"

namespace easel::cli {

// After an image was made: file, size, dimensions, cost, time and name, on a few lines.
std::string MadeSummary(const v1::Generation& generation, const std::string& path, absl::Duration elapsed);

// Everything about a generation that a person asks for, one thing a line.
std::string Details(const v1::Generation& generation);

// "glm-image hd 1280x1280", without what is unset.
std::string SpecText(const v1::ImageSpec& spec);

// "2 ahead", "45 %, about 12 s left"; empty: nothing is known, or it has ended.
std::string ProgressText(const v1::Generation& generation);

}  // namespace easel::cli
