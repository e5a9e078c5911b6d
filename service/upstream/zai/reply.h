#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "easel/v1/generation.pb.h"

namespace easel::upstream {

// What a body of the upstream says, whatever form it says it in. Empty: not said.
struct ZaiReply {
  std::string image_url;    // at most 8 KiB
  std::string task_id;      // at most 256 bytes
  std::string task_status;  // "PROCESSING", "SUCCESS", "FAIL"
  std::string error_code;   // "1302", also where it came as a number; at most 32 of [A-Za-z0-9_.-]
  std::string error_message;  // as the upstream wrote it: not for people yet
  std::vector<v1::ContentFilter> content_filter;
};

// Reads every form of body that is known. Never fails: what is no JSON object says nothing, and a field of an unexpected
// type takes nothing else with it.
ZaiReply ReadReply(std::string_view body);

}  // namespace easel::upstream
