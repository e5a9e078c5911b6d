#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "upstream/http/http_client.h"

namespace easel::storage {

// Whether the next try may bring something else.
bool MayPass(const upstream::HttpFailure& failure);
bool MayPass(int http_status);

// As S3Bucket says. `what` names what was tried and the object.
absl::Status S3Error(std::string_view what, const upstream::HttpFailure& failure);
// `body`: S3's XML, from which the code is taken; whatever else it is, it is not repeated.
absl::Status S3Error(std::string_view what, int http_status, std::string_view body);

}  // namespace easel::storage
