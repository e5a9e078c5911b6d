#include "telemetry/error_reason.h"

#include "google/rpc/error_details.pb.h"

namespace easel::telemetry {

std::string ReasonOf(const google::rpc::Status& error) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : error.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

}  // namespace easel::telemetry
