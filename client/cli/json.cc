#include "cli/json.h"

#include <google/protobuf/util/json_util.h>

namespace easel::cli {

std::string Json(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  return status.ok() ? json : "{}";
}

std::string Json(const google::rpc::Status& error) {
  google::rpc::Status known = error;
  known.clear_details();
  for (const google::protobuf::Any& detail : error.details()) {
    std::string json;
    if (google::protobuf::util::MessageToJsonString(detail, &json).ok()) *known.add_details() = detail;
  }
  return Json(static_cast<const google::protobuf::Message&>(known));
}

}  // namespace easel::cli
