#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace easel::app {

struct S3Location {
  std::string bucket;
  std::string prefix;  // without '/' at its ends; may be empty
};

// "s3://BUCKET" or "s3://BUCKET/PREFIX". Nothing where the bucket's name is none by S3's rules, or the prefix has empty or
// dotted parts, which some servers take for others.
std::optional<S3Location> ParseS3Location(std::string_view text);

}  // namespace easel::app
