#pragma once

#include <string_view>
#include <vector>

#include "easel/v1/image.pb.h"
#include "generation/catalog.h"
#include "generation/error.h"

namespace easel::generation {

// Every rule that `spec` breaks, all at once; empty if it is valid. Field paths begin with "spec.".
std::vector<Violation> Validate(const v1::ImageSpec& spec, const Catalog& catalog);

// 1 to 128 printable ASCII characters; empty is allowed (an id is made then).
std::vector<Violation> ValidateRequestId(std::string_view request_id);

// The size nearest to the one asked for that `rules` allow.
v1::Size NearestValidSize(const v1::Size& size, const v1::SizeRules& rules);

}  // namespace easel::generation
