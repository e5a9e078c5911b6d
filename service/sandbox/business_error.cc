#include "sandbox/business_error.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;

struct Row {
  int code;
  int http;
  const char* message;
};

constexpr std::array kTable = {
    Row{500, 500, "Internal Error"},
    Row{1000, 401, "Authentication Failed"},
    Row{1001, 401, "Authentication parameter not received in Header"},
    Row{1002, 401, "Authentication Token is invalid"},
    Row{1003, 401, "Authentication Token has expired"},
    Row{1004, 401, "Authentication failed with the provided Token"},
    Row{1005, 401, "Two-factor authentication is required"},
    Row{1110, 400, "Account is inactive"},
    Row{1111, 400, "Account does not exist"},
    Row{1112, 400, "Account is locked"},
    Row{1113, 429, "Insufficient balance or no resource package. Please recharge."},
    Row{1120, 429, "Account cannot be accessed now, please try again later"},
    Row{1121, 400, "Account is locked for irregular activities"},
    Row{1200, 500, "API call error"},
    Row{1210, 400, "Invalid API parameter, please check the documentation."},
    Row{1211, 400, "Unknown Model, please check the model code."},
    Row{1212, 400, "The model does not support this call method"},
    Row{1213, 400, "A required parameter was not received"},
    Row{1214, 400, "A parameter is invalid"},
    Row{1215, 400, "Parameters exclude each other"},
    Row{1220, 403, "No permission to access this API"},
    Row{1221, 400, "This API is offline"},
    Row{1222, 400, "This API does not exist"},
    Row{1230, 500, "API call process error"},
    Row{1231, 400, "You already have a request"},
    Row{1234, 500, "Network error, please contact customer service"},
    Row{1261, 400, "Prompt exceeds max length"},
    Row{1300, 400, "The API call was blocked by policy"},
    Row{1301, 400, "System detected potentially unsafe or sensitive content in input or generation."},
    Row{1302, 429, "Rate limit reached for requests"},
    Row{1303, 429, "The frequency of use of this API is too high"},
    Row{1304, 429, "The daily call limit of this API is reached"},
    Row{1305, 429, "The service may be temporarily overloaded, please try again later"},
    Row{1308, 429, "Usage limit reached. Your limit will reset at 2026-07-14 07:49:08"},
    Row{1309, 429, "Your GLM Coding Plan package has expired"},
    Row{1310, 429, "Weekly/Monthly limit exhausted. Your limit will reset at 2026-07-14 07:49:08"},
    Row{1311, 429, "The current subscription plan does not include this model"},
    Row{1312, 429, "The model is busy, please try again later"},
    Row{1313, 429, "The request rate is restricted under the fair usage policy"},
};

const Row* Find(int code) {
  const auto row = std::find_if(kTable.begin(), kTable.end(), [code](const Row& r) { return r.code == code; });
  return row == kTable.end() ? nullptr : &*row;
}

std::string ReasonOf(int http_status) {
  switch (http_status) {
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Temporarily Unavailable";
    case 504: return "Gateway Time-out";
    default: return "Error";
  }
}

}  // namespace

int HttpStatusOf(int code) {
  if (const Row* row = Find(code)) return row->http;
  return code >= 1302 && code <= 1399 ? 429 : 400;
}

ErrorReply BusinessError(int code, std::string message, std::optional<int> filter_level) {
  if (message.empty()) {
    const Row* row = Find(code);
    message = row != nullptr ? row->message : absl::StrCat("Error ", code);
  }
  json::object body;
  if (code == 1301 || filter_level) {
    body["contentFilter"] = json::array{json::object{{"level", filter_level.value_or(1)}, {"role", "user"}}};
  }
  body["error"] = json::object{{"code", std::to_string(code)}, {"message", message}};
  ErrorReply reply;
  reply.code = std::to_string(code);
  reply.head.status = HttpStatusOf(code);
  reply.head.content_type = "application/json; charset=UTF-8";
  reply.body = json::serialize(body);
  return reply;
}

ErrorReply HtmlError(int http_status) {
  const std::string title = absl::StrCat(http_status, " ", ReasonOf(http_status));
  ErrorReply reply;
  reply.head.status = http_status;
  reply.head.content_type = "text/html";
  reply.body = absl::StrCat("<html>\r\n<head><title>", title, "</title></head>\r\n<body>\r\n<center><h1>", title,
                            "</h1></center>\r\n<hr><center>sandbox</center>\r\n</body>\r\n</html>\r\n");
  return reply;
}

ErrorReply FrameworkError(int http_status, const std::string& path) {
  ErrorReply reply;
  reply.head.status = http_status;
  reply.head.content_type = "application/json";
  const std::string now = absl::FormatTime("%Y-%m-%dT%H:%M:%E3S+00:00", absl::Now(), absl::UTCTimeZone());
  reply.body = json::serialize(
      json::object{{"timestamp", now}, {"status", http_status}, {"error", ReasonOf(http_status)}, {"path", path}});
  return reply;
}

}  // namespace easel::sandbox
