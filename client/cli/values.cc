#include "cli/values.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "cli/text.h"
#include "cli/usage.h"

namespace easel::cli {
namespace {

absl::Status Wrong(const std::string& flag, const std::string& value, const std::string& expected) {
  return UsageError(flag, "\"" + Printable(value) + "\" " + expected);
}

}  // namespace

absl::StatusOr<v1::Size> ParseSize(const std::string& text) {
  const std::vector<std::string> sides = absl::StrSplit(absl::AsciiStrToLower(text), 'x');
  v1::Size size;
  int width = 0;
  int height = 0;
  if (sides.size() != 2 || !absl::SimpleAtoi(sides[0], &width) || !absl::SimpleAtoi(sides[1], &height) || width <= 0 ||
      height <= 0) {
    return Wrong("--size", text, "is not a size; write width and height in pixels, as 1280x1280");
  }
  size.set_width(width);
  size.set_height(height);
  return size;
}

absl::StatusOr<v1::Quality> ParseQuality(const std::string& text) {
  if (text == "hd") return v1::QUALITY_HD;
  if (text == "standard") return v1::QUALITY_STANDARD;
  return Wrong("--quality", text, "is not a quality; it is hd or standard");
}

absl::StatusOr<v1::CancelPolicy> ParseCancelPolicy(const std::string& text) {
  if (text == "finish") return v1::CANCEL_POLICY_FINISH_AND_KEEP;
  if (text == "abort") return v1::CANCEL_POLICY_ABORT;
  return Wrong("--cancel-policy", text, "is not a policy; it is finish or abort");
}

absl::StatusOr<v1::GenerationState> ParseState(const std::string& text) {
  v1::GenerationState state = v1::GENERATION_STATE_UNSPECIFIED;
  if (v1::GenerationState_Parse("GENERATION_STATE_" + absl::AsciiStrToUpper(text), &state) &&
      state != v1::GENERATION_STATE_UNSPECIFIED) {
    return state;
  }
  return Wrong("--state", text,
               "is not a state; it is queued, submitting, rendering, fetching, succeeded, failed or cancelled");
}

absl::StatusOr<absl::Duration> ParseTimeout(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration()) return duration;
  return Wrong("--timeout", text, "is not a time; write a number with its unit, as 90s or 5m");
}

absl::StatusOr<bool> ParseSwitch(const std::string& flag, const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Wrong(flag, text, "is neither true nor false");
}

absl::StatusOr<int> ParseLimit(const std::string& text) {
  int limit = 0;
  if (absl::SimpleAtoi(text, &limit) && limit >= 1 && limit <= 100000) return limit;
  return Wrong("--limit", text, "is not a number from 1 to 100000");
}

absl::StatusOr<std::string> ParseName(const std::string& text) {
  const std::string prefix = "generations/";
  const std::string name = absl::StartsWith(text, prefix) ? text : prefix + text;
  if (name.size() > prefix.size() && name.find('/', prefix.size()) == std::string::npos) return name;
  return Wrong("NAME", text, "is not a generation's name; it is written generations/ID, as easel list shows it");
}

}  // namespace easel::cli
