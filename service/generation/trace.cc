#include "generation/trace.h"

#include "absl/strings/str_cat.h"
#include "imaging/sha256.h"

namespace easel::generation {
namespace {

constexpr std::size_t kTraceDigits = 32;
constexpr std::size_t kSpanDigits = 16;
// "00-" TRACE "-" SPAN "-" FLAGS
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = kTraceAt + kTraceDigits + 1;
constexpr std::size_t kFlagsAt = kSpanAt + kSpanDigits + 1;
constexpr std::size_t kLength = kFlagsAt + 2;

std::string Digits(std::string_view text, std::size_t count) {
  imaging::Sha256 digest;
  digest.Append(text);
  // All zeros would be no id; a digest that begins so has never been seen.
  return digest.Finish().value_or(std::string(64, 'f')).substr(0, count);
}

bool IsSampled(char last_flag) {
  const int value = last_flag <= '9' ? last_flag - '0' : last_flag - 'a' + 10;
  return (value & 1) != 0;
}

}  // namespace

Trace TraceOf(const record::v1::Record& record) {
  const v1::Generation& generation = record.generation();
  Trace trace;
  trace.span_id = PartSpanId(generation, "generation");
  const std::string& sent = record.traceparent();
  if (sent.size() < kLength) {
    trace.trace_id = Digits(generation.name(), kTraceDigits);
  } else {
    trace.trace_id = sent.substr(kTraceAt, kTraceDigits);
    trace.parent_id = sent.substr(kSpanAt, kSpanDigits);
    trace.sampled = IsSampled(sent[kFlagsAt + 1]);
  }
  return trace;
}

std::string PartSpanId(const v1::Generation& generation, std::string_view part) {
  return Digits(absl::StrCat(generation.name(), "/", std::string(part)), kSpanDigits);
}

std::string AttemptSpanId(const v1::Generation& generation, const v1::Attempt& attempt) {
  return PartSpanId(generation, absl::StrCat("attempts/", attempt.start_time().seconds(), ".", attempt.start_time().nanos()));
}

std::string AttemptTraceparent(const record::v1::Record& record, const v1::Attempt& attempt) {
  if (record.traceparent().size() < kLength) return {};
  const Trace trace = TraceOf(record);
  return absl::StrCat("00-", trace.trace_id, "-", AttemptSpanId(record.generation(), attempt), "-",
                      record.traceparent().substr(kFlagsAt, 2));
}

}  // namespace easel::generation
