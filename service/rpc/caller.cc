#include "rpc/caller.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "rpc/call.h"

namespace easel::rpc {
namespace {

constexpr std::string_view kCaller = "easel-caller";
constexpr std::string_view kMaxReceiveBytes = "easel-max-receive-bytes";

// What a stranger wrote, fit for an error message.
std::string Shown(std::string_view text) {
  return absl::StrCat("'", absl::CHexEscape(std::string(text.substr(0, 64))), text.size() > 64 ? "..." : "", "'");
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

bool ReadNumber(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0;
}

}  // namespace

bool IsCallerName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

bool IsTraceparent(std::string_view text) {
  if (text.size() != 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const std::string_view trace = text.substr(3, 32);
  const std::string_view parent = text.substr(36, 16);
  const bool hex = IsHex(text.substr(0, 2)) && IsHex(trace) && IsHex(parent) && IsHex(text.substr(53));
  return hex && text.substr(0, 2) != "ff" && !IsZero(trace) && !IsZero(parent);
}

Caller ReadCaller(const Call& call, std::vector<generation::Violation>& violations) {
  Caller caller;
  if (call.identity()->has_value()) {
    caller.name = **call.identity();
  } else if (const auto name = call.Metadata(kCaller)) {
    caller.name = std::string(*name);
    if (!IsCallerName(*name)) {
      violations.push_back({std::string(kCaller),
                            absl::StrCat("(metadata) is ", Shown(*name),
                                         "; a caller's name is 1 to 64 of a-z, 0-9, '.', '_' and '-'")});
    }
  }
  if (const auto limit = call.Metadata(kMaxReceiveBytes); limit && !ReadNumber(*limit, caller.max_receive_bytes)) {
    violations.push_back({std::string(kMaxReceiveBytes),
                          absl::StrCat("(metadata) is ", Shown(*limit), "; give a number of bytes, as 4194304")});
  }
  if (const auto trace = call.Metadata("traceparent"); trace && IsTraceparent(*trace)) {
    caller.traceparent = std::string(*trace);
  }
  return caller;
}

}  // namespace easel::rpc
