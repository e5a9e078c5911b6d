#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "generation/ports/generation_store.h"
#include "google/protobuf/timestamp.pb.h"

namespace easel::storage {

// A record as it lies in a table: the whole of it serialized, and beside it what is looked for. Times are nanoseconds
// since 1970, UTC.
struct GenerationRow {
  std::string name;
  std::string caller;
  std::string request_id;
  int state = 0;
  std::string model;
  std::int64_t revision = 0;
  std::int64_t create_time = 0;
  // Of what has ended.
  std::optional<std::int64_t> end_time;
  std::optional<std::int64_t> expire_time;
  std::optional<std::int64_t> remove_time;
  // Empty once the image is removed.
  std::string image_digest;
  std::int64_t image_bytes = 0;
  // Set aside for its caller until it ends; not in the record.
  std::string price_currency;
  std::int64_t price_micros = 0;
  // What it has cost or may have cost, once it has ended.
  std::string charge_currency;
  std::int64_t charge_micros = 0;
  std::string record;
};

GenerationRow ToRow(const generation::Record& record);

// DATA_LOSS where the bytes are no record.
absl::StatusOr<generation::Record> ParseRecord(std::string_view bytes);

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// NOT_FOUND, naming it.
absl::Status NoSuchGeneration(std::string_view name);

// NOT_FOUND, naming both.
absl::Status NoSuchRequest(std::string_view caller, std::string_view request_id);

// ABORTED: the kept record has another revision than the one before `offered`.
absl::Status OtherRevision(std::string_view name, std::int64_t kept, std::int64_t offered);

// ABORTED: the kept record has another revision than the one that is to go.
absl::Status NotThisRevision(std::string_view name, std::int64_t kept, std::int64_t wanted);

}  // namespace easel::storage
