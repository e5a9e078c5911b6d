#include "tests/bench/report.h"

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace easel::bench {

std::string JsonText(const std::string& text) { return boost::json::serialize(boost::json::string_view(text)); }

std::string LatencyJson(const Latency& latency) {
  return absl::StrFormat(R"({"p50": %.4f, "p90": %.4f, "p99": %.4f, "p999": %.4f, "max": %.4f, "mean": %.4f})",
                         latency.Quantile(0.5), latency.Quantile(0.9), latency.Quantile(0.99), latency.Quantile(0.999),
                         latency.Max(), latency.Mean());
}

std::string ErrorsJson(const std::map<std::string, std::uint64_t>& errors) {
  const auto entry = [](std::string* to, const auto& error) { absl::StrAppend(to, JsonText(error.first), ": ", error.second); };
  return absl::StrCat("{", absl::StrJoin(errors, ", ", entry), "}");
}

std::string ReportOf(const std::string& name, const Tally& tally) {
  const double calls = static_cast<double>(tally.calls);
  return absl::StrFormat(
      R"({"case": %s, "calls": %d, "errors": %s, "first_error": %s, "seconds": %.3f, "rate": %.1f, "bytes": %d, )"
      R"("latency_ms": %s, "cpu_seconds": %.3f, "cpu_us_per_call": %.2f})",
      JsonText(name), tally.calls, ErrorsJson(tally.errors), JsonText(tally.first_error), tally.seconds,
      tally.seconds > 0 ? calls / tally.seconds : 0, tally.bytes, LatencyJson(tally.latency), tally.cpu_seconds,
      tally.calls > 0 ? tally.cpu_seconds * 1e6 / calls : 0);
}

}  // namespace easel::bench
