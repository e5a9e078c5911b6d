#pragma once

#include <string>

#include "absl/time/time.h"
#include "easel/record/v1/record.pb.h"

namespace easel::generation {

// Makes the address under which a kept image can be fetched with a plain GET. Thread-safe.
class ImageLinks {
 public:
  virtual ~ImageLinks() = default;

  struct Link {
    std::string url;
    absl::Time expire_time;
  };
  // `record` has an image.
  virtual Link LinkTo(const record::v1::Record& record) const = 0;
};

}  // namespace easel::generation
