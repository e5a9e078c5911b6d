#include "storage/generation_row.h"

#include "absl/strings/str_cat.h"

namespace easel::storage {
namespace {

std::int64_t Nanos(const google::protobuf::Timestamp& timestamp) { return absl::ToUnixNanos(ToTime(timestamp)); }

}  // namespace

GenerationRow ToRow(const generation::Record& record) {
  const v1::Generation& generation = record.generation();
  GenerationRow row;
  row.name = generation.name();
  row.caller = record.caller();
  row.request_id = generation.request_id();
  row.state = generation.state();
  row.model = generation.spec().model();
  row.revision = generation.revision();
  row.create_time = Nanos(generation.create_time());
  if (generation.state() >= v1::GENERATION_STATE_SUCCEEDED) {
    row.end_time = Nanos(generation.end_time());
    row.expire_time = Nanos(generation.expire_time());
    row.remove_time = absl::ToUnixNanos(generation::DueTime(record, generation::DueQuery::By::kRemoveTime));
    if (generation.charge().state() != v1::CHARGE_STATE_NONE) {
      row.charge_currency = generation.charge().currency();
      row.charge_micros = generation.charge().cost_micros();
    }
  }
  if (generation::HasKeptImage(record)) {
    row.image_digest = generation.image().sha256();
    row.image_bytes = generation.image().size_bytes();
  }
  row.record = record.SerializeAsString();
  return row;
}

absl::StatusOr<generation::Record> ParseRecord(std::string_view bytes) {
  generation::Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a record of a generation cannot be read: it is damaged, or a newer Easel wrote it");
  }
  return record;
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Status NoSuchGeneration(std::string_view name) {
  return absl::NotFoundError(absl::StrCat("there is no generation '", std::string(name), "'"));
}

absl::Status NoSuchRequest(std::string_view caller, std::string_view request_id) {
  return absl::NotFoundError(absl::StrCat("caller '", std::string(caller), "' has no generation with request_id '",
                                          std::string(request_id), "'"));
}

absl::Status OtherRevision(std::string_view name, std::int64_t kept, std::int64_t offered) {
  return absl::AbortedError(
      absl::StrCat("'", std::string(name), "' has revision ", kept, ", so revision ", offered, " cannot follow"));
}

absl::Status NotThisRevision(std::string_view name, std::int64_t kept, std::int64_t wanted) {
  return absl::AbortedError(absl::StrCat("'", std::string(name), "' has revision ", kept, ", not ", wanted, ": it stays"));
}

}  // namespace easel::storage
