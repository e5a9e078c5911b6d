#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "easel/record/v1/record.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace easel::generation {

// Which ended records retention wants to see: those whose time of one kind has come.
struct DueQuery {
  enum class By {
    kRemoveTime,  // records that may go
    kExpireTime,  // records whose image is kept, and may go
  };
  By by = By::kRemoveTime;
  // Times at or before this one.
  absl::Time until = absl::InfiniteFuture();
  // Only what comes after this time and name in the order of the answer.
  absl::Time after_time = absl::InfinitePast();
  std::string after_name = {};
  int limit = 50;
};

// Whether the record has an image whose bytes are kept.
inline bool HasKeptImage(const record::v1::Record& record) {
  return record.generation().has_image() && !record.generation().image().has_remove_time();
}

// The time that a DueQuery goes by.
inline absl::Time DueTime(const record::v1::Record& record, DueQuery::By by) {
  const auto time = [](const google::protobuf::Timestamp& proto) {
    return absl::FromUnixSeconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
  };
  const v1::Generation& generation = record.generation();
  if (by == DueQuery::By::kExpireTime) return time(generation.expire_time());
  if (record.has_remove_time()) return time(record.remove_time());
  // Of a release that did not record it yet.
  return std::max(time(generation.expire_time()), time(generation.end_time()) + absl::Hours(24));
}

// What a store answers with, for stores that look at every record.
inline bool IsDue(const record::v1::Record& record, const DueQuery& query) {
  if (record.generation().state() < v1::GENERATION_STATE_SUCCEEDED) return false;
  if (query.by != DueQuery::By::kRemoveTime && !HasKeptImage(record)) return false;
  const absl::Time time = DueTime(record, query.by);
  return time <= query.until &&
         std::pair(time, record.generation().name()) > std::pair(query.after_time, query.after_name);
}

}  // namespace easel::generation
