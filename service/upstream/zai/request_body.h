#pragma once

#include <string>
#include <string_view>

#include "easel/v1/image.pb.h"

namespace easel::upstream {

// The JSON body that asks for `spec`: only documented fields, and only those that are set. `submit_id`: sent as
// request_id unless empty. `watermark_known`: the host documents watermark_enabled.
std::string RequestBody(const v1::ImageSpec& spec, std::string_view submit_id, bool watermark_known);

}  // namespace easel::upstream
