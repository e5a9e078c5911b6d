#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "easel/record/v1/record.pb.h"

namespace easel::generation {

// Where a generation and its attempts stand in a distributed trace (W3C Trace Context). Their ids follow from its name, so
// that whoever resumes it after a crash writes on in the same spans.
struct Trace {
  std::string trace_id;   // 32 hexadecimal digits: the caller's, or one of the generation's own
  std::string parent_id;  // the caller's span, 16 digits; empty where there is none
  std::string span_id;    // the generation's span
  bool sampled = true;    // the caller's word, if it has one
};
Trace TraceOf(const record::v1::Record& record);

// The span of one part of the generation, by a name that is its own.
std::string PartSpanId(const v1::Generation& generation, std::string_view part);
std::string AttemptSpanId(const v1::Generation& generation, const v1::Attempt& attempt);

// What goes upstream with an attempt; empty where the caller sent no trace.
std::string AttemptTraceparent(const record::v1::Record& record, const v1::Attempt& attempt);

}  // namespace easel::generation
