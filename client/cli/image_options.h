#pragma once

#include <boost/program_options/options_description.hpp>

#include "absl/status/statusor.h"
#include "cli/command_line.h"
#include "easel/v1/image_service.pb.h"

namespace easel::cli {

// What to draw: for every command that takes a prompt.
void AddSpecOptions(boost::program_options::options_description& options);
// The request beside the spec: for the commands that make an image.
void AddRequestOptions(boost::program_options::options_description& options);

// The prompt "-" is read from standard input, without its last line break.
absl::StatusOr<v1::ImageSpec> SpecFrom(const Arguments& arguments);
// Always with a request_id.
absl::StatusOr<v1::GenerateImageRequest> RequestFrom(const Arguments& arguments);

}  // namespace easel::cli
