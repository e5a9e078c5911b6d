// Records read back from the store, whole or damaged: read or refused, and never the end of a log line's form.
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "storage/generation_row.h"
#include "telemetry/generation_ended_line.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace easel::fuzz;
  static const google::protobuf::LogSilencer silent;
  const auto record = easel::storage::ParseRecord(View(data, size));
  if (!record.ok()) {
    Require(absl::IsDataLoss(record.status()), "bytes that are no record are DATA_LOSS");
    return 0;
  }
  const auto row = easel::storage::ToRow(*record);
  const auto again = easel::storage::ParseRecord(row.record);
  Require(again.ok() && again->SerializeAsString() == row.record, "a record that was read is kept as it is");
  const std::string line = easel::telemetry::ToJson(easel::telemetry::GenerationEndedLine(*record), absl::Now());
  Require(line.ends_with('\n') && line.find('\n') == line.size() - 1, "a log line is one line", line);
  google::protobuf::Struct json;
  Require(google::protobuf::util::JsonStringToMessage(line, &json).ok(), "a log line is JSON", line);
  return 0;
}
