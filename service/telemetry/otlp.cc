#include "telemetry/otlp.h"

#include "absl/strings/str_cat.h"
#include "generation/time.h"
#include "generation/trace.h"
#include "telemetry/error_reason.h"
#include "telemetry/json_text.h"
#include "telemetry/label_names.h"

namespace easel::telemetry {
namespace {

Span Whole(const record::v1::Record& record, const generation::Trace& trace) {
  const v1::Generation& generation = record.generation();
  Span span;
  span.trace_id = trace.trace_id;
  span.span_id = trace.span_id;
  span.parent_id = trace.parent_id;
  span.name = absl::StrCat("generate ", generation.spec().model());
  span.start = generation::FromProto(generation.create_time());
  span.end = generation::FromProto(generation.end_time());
  span.attributes = {{"easel.generation", generation.name()},
                     {"easel.request_id", generation.request_id()},
                     {"easel.caller", record.caller()},
                     {"easel.state", std::string(StateLabel(generation.state()))},
                     {"easel.quality", std::string(QualityLabel(generation.spec().quality()))},
                     {"gen_ai.request.model", generation.spec().model()},
                     {"easel.cost_micros", generation.charge().cost_micros()}};
  if (generation.has_image()) span.attributes.emplace_back("easel.image_bytes", generation.image().size_bytes());
  if (generation.has_error()) span.error = ReasonOf(generation.error());
  return span;
}

Span Below(const Span& whole, const v1::Generation& generation, std::string part) {
  Span span;
  span.trace_id = whole.trace_id;
  span.span_id = generation::PartSpanId(generation, part);
  span.parent_id = whole.span_id;
  span.name = std::move(part);
  return span;
}

Span AttemptSpan(const Span& whole, const v1::Generation& generation, const v1::Attempt& attempt) {
  Span span = Below(whole, generation, "attempt");
  span.span_id = generation::AttemptSpanId(generation, attempt);
  span.kind = Span::Kind::kClient;
  span.start = generation::FromProto(attempt.start_time());
  span.end = attempt.has_end_time() ? generation::FromProto(attempt.end_time()) : whole.end;
  span.attributes = {{"easel.upstream", attempt.upstream()}, {"easel.upstream_key", attempt.key_fingerprint()}};
  if (!attempt.task_id().empty()) span.attributes.emplace_back("easel.task_id", attempt.task_id());
  span.error = attempt.code();
  return span;
}

std::string Nanos(absl::Time time) { return absl::StrCat(absl::ToUnixNanos(time)); }

void AppendField(std::string_view name, std::string_view value, std::string& json) {
  AppendJsonString(name, json);
  json += ':';
  AppendJsonString(value, json);
}

void AppendAttribute(const std::string& key, const std::variant<std::string, std::int64_t>& value, std::string& json) {
  json += '{';
  AppendField("key", key, json);
  json += R"(,"value":{)";
  if (const auto* text = std::get_if<std::string>(&value)) {
    AppendField("stringValue", *text, json);
  } else {
    AppendField("intValue", absl::StrCat(std::get<std::int64_t>(value)), json);
  }
  json += "}}";
}

void AppendSpan(const Span& span, std::string& json) {
  json += '{';
  AppendField("traceId", span.trace_id, json);
  json += ',';
  AppendField("spanId", span.span_id, json);
  if (!span.parent_id.empty()) {
    json += ',';
    AppendField("parentSpanId", span.parent_id, json);
  }
  json += ',';
  AppendField("name", span.name, json);
  absl::StrAppend(&json, ",\"kind\":", static_cast<int>(span.kind), ",\"startTimeUnixNano\":\"", Nanos(span.start),
                  "\",\"endTimeUnixNano\":\"", Nanos(span.end), "\",\"attributes\":[");
  bool first = true;
  for (const auto& [key, value] : span.attributes) {
    if (!std::exchange(first, false)) json += ',';
    AppendAttribute(key, value, json);
  }
  json += R"(],"status":{)";
  if (!span.error.empty()) {
    json += R"("code":2,)";
    AppendField("message", span.error, json);
  }
  json += "}}";
}

}  // namespace

std::vector<Span> SpansOf(const record::v1::Record& record) {
  const generation::Trace trace = generation::TraceOf(record);
  if (!trace.sampled) return {};
  const v1::Generation& generation = record.generation();
  std::vector<Span> spans = {Whole(record, trace)};
  const Span whole = spans.front();
  Span queue = Below(whole, generation, "queue");
  queue.start = whole.start;
  queue.end = generation.attempts().empty() ? whole.end : generation::FromProto(generation.attempts(0).start_time());
  spans.push_back(std::move(queue));
  for (const v1::Attempt& attempt : generation.attempts()) spans.push_back(AttemptSpan(whole, generation, attempt));
  if (generation.has_image() && !generation.attempts().empty()) {
    Span fetch = Below(whole, generation, "fetch");
    fetch.start = spans.back().end;
    fetch.end = whole.end;
    spans.push_back(std::move(fetch));
  }
  return spans;
}

std::string OtlpJson(const std::vector<Span>& spans, std::string_view service_version) {
  std::string json = R"({"resourceSpans":[{"resource":{"attributes":[)";
  AppendAttribute("service.name", std::string("easel"), json);
  json += ',';
  AppendAttribute("service.version", std::string(service_version), json);
  json += R"(]},"scopeSpans":[{"scope":{"name":"easel"},"spans":[)";
  bool first = true;
  for (const Span& span : spans) {
    if (!std::exchange(first, false)) json += ',';
    AppendSpan(span, json);
  }
  json += "]}]}]}";
  return json;
}

}  // namespace easel::telemetry
