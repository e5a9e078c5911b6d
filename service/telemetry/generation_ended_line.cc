#include "telemetry/generation_ended_line.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "generation/time.h"
#include "telemetry/error_reason.h"
#include "telemetry/label_names.h"

namespace easel::telemetry {
namespace {

std::string ChargeLabel(v1::ChargeState state) {
  switch (state) {
    case v1::CHARGE_STATE_MADE:
      return "made";
    case v1::CHARGE_STATE_UNKNOWN:
      return "unknown";
    default:
      return "none";
  }
}

double DurationSeconds(const v1::Generation& generation) {
  if (!generation.has_end_time()) return 0;
  return absl::ToDoubleSeconds(absl::Trunc(generation::FromProto(generation.end_time()) - generation::FromProto(generation.create_time()), absl::Milliseconds(1)));
}

void AddAttempts(const v1::Generation& generation, LogLine& line) {
  line.fields.emplace_back("attempts", generation.attempts_size());
  if (generation.attempts().empty()) return;
  const v1::Attempt& last = generation.attempts(generation.attempts_size() - 1);
  line.fields.emplace_back("upstream", last.upstream());
  line.fields.emplace_back("key", last.key_fingerprint());
  if (!last.task_id().empty()) line.fields.emplace_back("task_id", last.task_id());
  if (!last.code().empty()) line.fields.emplace_back("upstream_code", last.code());
}

}  // namespace

LogLine GenerationEndedLine(const record::v1::Record& record) {
  const v1::Generation& generation = record.generation();
  const v1::ImageSpec& spec = generation.spec();
  LogLine line{.message = "generation ended"};
  if (generation.state() == v1::GENERATION_STATE_FAILED) line.level = LogLevel::kWarning;
  line.fields = {
      {"generation", generation.name()},
      {"caller", record.caller()},
      {"request_id", generation.request_id()},
      {"model", spec.model()},
      {"quality", std::string(QualityLabel(spec.quality()))},
      {"size", absl::StrCat(spec.size().width(), "x", spec.size().height())},
      {"state", std::string(StateLabel(generation.state()))},
  };
  if (generation.has_error()) line.fields.emplace_back("reason", ReasonOf(generation.error()));
  line.fields.emplace_back("duration_seconds", DurationSeconds(generation));
  line.fields.emplace_back("charge", ChargeLabel(generation.charge().state()));
  line.fields.emplace_back("cost_micros", generation.charge().cost_micros());
  line.fields.emplace_back("currency", generation.charge().currency());
  if (generation.has_image()) line.fields.emplace_back("image_bytes", generation.image().size_bytes());
  AddAttempts(generation, line);
  if (!record.traceparent().empty()) line.fields.emplace_back("traceparent", record.traceparent());
  return line;
}

}  // namespace easel::telemetry
