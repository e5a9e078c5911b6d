#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "easel/record/v1/record.pb.h"

namespace easel::telemetry {

// One span as OpenTelemetry has it (opentelemetry-proto, trace.proto 1.x).
struct Span {
  enum class Kind { kInternal = 1, kClient = 3 };

  std::string trace_id;
  std::string span_id;
  std::string parent_id;
  std::string name;
  Kind kind = Kind::kInternal;
  absl::Time start;
  absl::Time end;
  std::vector<std::pair<std::string, std::variant<std::string, std::int64_t>>> attributes;
  // Empty: it went well.
  std::string error;
};

// What an ended generation was: a span of its own, and below it the wait for its turn, each attempt at an upstream, and the
// fetch. None where the caller's trace is not sampled. Prompts, keys and URLs of images are in none of them.
std::vector<Span> SpansOf(const record::v1::Record& record);

// The body of an OTLP/HTTP request, in its JSON encoding.
std::string OtlpJson(const std::vector<Span>& spans, std::string_view service_version);

}  // namespace easel::telemetry
