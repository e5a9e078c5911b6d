#include "sandbox/submission.h"

#include <algorithm>

#include <boost/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sandbox/digest.h"
#include "sandbox/directive.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;

struct ModelRules {
  const char* name;
  const char* default_size;
  const char* default_quality;
  int multiple;
  int max_pixels;
  bool async;
};

constexpr ModelRules kModels[] = {
    {"glm-image", "1280x1280", "hd", 32, 1 << 22, true},
    {"cogview-4-250304", "1024x1024", "standard", 16, 1 << 21, false},
};
constexpr int kMinSide = 512;
constexpr int kMaxSide = 2048;
constexpr std::size_t kMinUserId = 6;
constexpr std::size_t kMaxUserId = 128;

std::size_t CodePoints(const std::string& utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// An optional string field; a null counts as absent.
std::optional<ErrorReply> ReadString(const json::object& body, const char* field, std::string& value) {
  const json::value* given = body.if_contains(field);
  if (given == nullptr || given->is_null()) return std::nullopt;
  if (!given->is_string()) return BusinessError(1210, absl::StrCat("Invalid API parameter: ", field, " must be a string"));
  value = json::value_to<std::string>(*given);
  return std::nullopt;
}

std::optional<ErrorReply> ReadFields(const json::object& body, Submission& submission) {
  const std::pair<const char*, std::string*> fields[] = {
      {"model", &submission.model},     {"prompt", &submission.prompt},   {"quality", &submission.quality},
      {"size", &submission.size},       {"user_id", &submission.user_id}, {"request_id", &submission.request_id},
  };
  for (const auto& [field, value] : fields) {
    if (auto refusal = ReadString(body, field, *value)) return refusal;
  }
  const json::value* watermark = body.if_contains("watermark_enabled");
  if (watermark != nullptr && !watermark->is_bool() && !watermark->is_null()) {
    return BusinessError(1210, "Invalid API parameter: watermark_enabled must be a boolean");
  }
  return std::nullopt;
}

bool ReadSize(const std::string& size, int& width, int& height) {
  const std::size_t by = size.find('x');
  if (by == std::string::npos || by == 0 || size.size() > 11) return false;
  const std::string digits = size.substr(0, by) + size.substr(by + 1);
  if (digits.find_first_not_of("0123456789") != std::string::npos) return false;
  return absl::SimpleAtoi(size.substr(0, by), &width) && absl::SimpleAtoi(size.substr(by + 1), &height);
}

std::optional<ErrorReply> CheckSize(const ModelRules& rules, Submission& submission) {
  int width = 0;
  int height = 0;
  if (!ReadSize(submission.size, width, height)) {
    return BusinessError(1214, absl::StrCat("size is invalid: \"", submission.size, "\" is not WxH"));
  }
  const bool sides = std::min(width, height) >= kMinSide && std::max(width, height) <= kMaxSide;
  const bool fits = width % rules.multiple == 0 && height % rules.multiple == 0;
  if (!sides || !fits || width * height > rules.max_pixels) {
    return BusinessError(1214, absl::StrCat("size is invalid: sides must be ", kMinSide, " to ", kMaxSide, ", multiples of ",
                                            rules.multiple, ", at most ", rules.max_pixels, " pixels, not ",
                                            submission.size));
  }
  submission.width = width;
  submission.height = height;
  return std::nullopt;
}

std::optional<ErrorReply> CheckPrompt(const SandboxOptions& options, Submission& submission) {
  const std::size_t length = CodePoints(submission.prompt);
  if (length > options.max_prompt_code_points) {
    return BusinessError(1261, absl::StrCat("Prompt exceeds max length: ", length, " of at most ",
                                            options.max_prompt_code_points, " characters"));
  }
  auto faults = FaultsInPrompt(submission.prompt);
  if (!faults.ok()) return BusinessError(1210, std::string(faults.status().message()));
  submission.faults = *std::move(faults);
  return std::nullopt;
}

std::optional<ErrorReply> CheckFields(const SandboxOptions& options, Submission& submission) {
  if (submission.model.empty()) return BusinessError(1213, "The model parameter was not received");
  if (submission.prompt.empty()) return BusinessError(1213, "The prompt parameter was not received");
  const auto* rules = std::find_if(std::begin(kModels), std::end(kModels),
                                   [&](const ModelRules& model) { return submission.model == model.name; });
  if (rules == std::end(kModels)) return BusinessError(1211);
  if (submission.async && !rules->async) return BusinessError(1212);
  if (submission.quality.empty()) submission.quality = rules->default_quality;
  if (submission.size.empty()) submission.size = rules->default_size;
  if (submission.quality != "hd" && (submission.quality != "standard" || submission.async)) {
    return BusinessError(1214, absl::StrCat("quality is invalid: ", submission.async ? "hd" : "hd or standard", ", not \"",
                                            submission.quality, "\""));
  }
  if (auto refusal = CheckSize(*rules, submission)) return refusal;
  const std::size_t user_id = CodePoints(submission.user_id);
  if (!submission.user_id.empty() && (user_id < kMinUserId || user_id > kMaxUserId)) {
    return BusinessError(1214, absl::StrCat("user_id is invalid: its length must be ", kMinUserId, " to ", kMaxUserId));
  }
  return CheckPrompt(options, submission);
}

}  // namespace

std::optional<ErrorReply> CheckKey(const http::Request& request, const SandboxOptions& options, std::string& key) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto header = request.Header("Authorization");
  if (!header || header->empty()) return BusinessError(1001);
  const std::string given = header->size() > kScheme.size() ? std::string(header->substr(kScheme.size())) : "";
  if (!absl::StartsWithIgnoreCase(std::string(*header), "Bearer ") || given.empty()) return BusinessError(1000);
  key = Fingerprint(given);
  const bool known = options.keys.empty() || std::count(options.keys.begin(), options.keys.end(), given) > 0;
  if (!known) return BusinessError(1000);
  return std::nullopt;
}

std::optional<ErrorReply> ReadSubmission(const http::Request& request, const SandboxOptions& options,
                                         Submission& submission) {
  if (auto refusal = CheckKey(request, options, submission.key)) return refusal;
  if (!absl::StartsWithIgnoreCase(std::string(request.Header("Content-Type").value_or("")), "application/json")) {
    return BusinessError(1210, "Invalid API parameter: Content-Type must be application/json");
  }
  boost::system::error_code error;
  const json::value body = json::parse(request.body, error);
  if (error || !body.is_object()) return BusinessError(1210, "Invalid API parameter: the body must be a JSON object");
  if (auto refusal = ReadFields(body.as_object(), submission)) return refusal;
  return CheckFields(options, submission);
}

}  // namespace easel::sandbox
