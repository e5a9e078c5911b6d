#pragma once

#include <string>

#include "tests/bench/load.h"

namespace easel::bench {

// {"p50": ..., ...} in milliseconds.
std::string LatencyJson(const Latency& latency);

// {"STATUS REASON": count}.
std::string ErrorsJson(const std::map<std::string, std::uint64_t>& errors);

std::string JsonText(const std::string& text);

// The one line that a case prints.
std::string ReportOf(const std::string& name, const Tally& tally);

}  // namespace easel::bench
