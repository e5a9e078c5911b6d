#pragma once

#include "easel/record/v1/record.pb.h"
#include "telemetry/log.h"

namespace easel::telemetry {

// What an operator's log says when a generation has ended: who, what, how long, how much, and why not; never the prompt
// or a URL.
LogLine GenerationEndedLine(const record::v1::Record& record);

}  // namespace easel::telemetry
