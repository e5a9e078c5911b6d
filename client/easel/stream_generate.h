#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "easel/core.h"

namespace easel::client {

// One attempt at StreamGenerateImage. `on_name` is called once with the name from the initial metadata, which may be
// empty.
absl::Status StreamGenerateOnce(const Core& core, const v1::StreamGenerateImageRequest& request, absl::Time deadline,
                                const CallOptions& options, const std::function<void(const std::string&)>& on_name,
                                const std::function<void(const v1::StreamGenerateImageResponse&)>& on_event);

}  // namespace easel::client
