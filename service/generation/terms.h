#pragma once

#include <string>
#include <string_view>

#include "generation/lifecycle.h"
#include "generation/ports/image_model.h"

namespace easel::generation {

// What holds at the upstream of this name.
UpstreamTerms TermsOf(const World& world, std::string_view upstream);

// Whether the account can be asked for `spec` with `model` in place of its own: what callers may ask for is the first
// upstream's, and a further one may know less.
bool Fits(const World& world, const ImageModel& account, const std::string& model, const v1::ImageSpec& spec);

}  // namespace easel::generation
