#pragma once

#include <string>

#include "google/rpc/status.pb.h"

namespace easel::telemetry {

// The reason that an error's ErrorInfo names, such as "CONTENT_BLOCKED"; empty if there is no ErrorInfo.
std::string ReasonOf(const google::rpc::Status& error);

}  // namespace easel::telemetry
