#include "cli/usage.h"

#include "easel/error.h"

namespace easel::cli {

absl::Status UsageError(const std::string& flag, const std::string& message) {
  google::rpc::Status proto =
      client::Error(client::ClientError(absl::StatusCode::kInvalidArgument, client::kUsage, message)).proto();
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(flag);
  violation->set_description(message);
  proto.add_details()->PackFrom(bad_request);
  return client::ToStatus(proto);
}

}  // namespace easel::cli
