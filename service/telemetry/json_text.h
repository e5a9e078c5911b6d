#pragma once

#include <string>
#include <string_view>

namespace easel::telemetry {

// Appends `text` to `out` as a JSON string with its quotation marks. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace easel::telemetry
