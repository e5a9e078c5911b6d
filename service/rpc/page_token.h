#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "easel/v1/image_service.pb.h"

namespace easel::rpc {

// Where a listing goes on, opaque to callers and bound to its filters. The same in every process and release.
std::string MakePageToken(const v1::ListGenerationsRequest& request, std::string_view after_name);

// The name that a token goes on after; nothing if it is no token of a listing with these filters.
std::optional<std::string> ReadPageToken(const v1::ListGenerationsRequest& request);

}  // namespace easel::rpc
