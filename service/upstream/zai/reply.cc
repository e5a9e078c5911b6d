#include "upstream/zai/reply.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

#include <google/protobuf/util/json_util.h>

#include "upstream/zai/utf8.h"
#include "zai/v4/images.pb.h"

namespace easel::upstream {
namespace {

using google::protobuf::Value;

constexpr std::size_t kMaxUrl = 8 * 1024;
constexpr std::size_t kMaxTaskId = 256;

bool ParseJson(std::string_view body, google::protobuf::Message& into) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const std::string valid = ValidUtf8(body);
  return google::protobuf::util::JsonStringToMessage(valid, &into, options).ok();
}

// A list where one thing was expected stands for its first entry.
const Value& One(const Value& value) {
  const bool list = value.has_list_value() && value.list_value().values_size() > 0;
  return list ? One(value.list_value().values(0)) : value;
}

const Value& Field(const Value& from, const char* name) {
  const Value& object = One(from);
  if (object.has_struct_value()) {
    const auto& fields = object.struct_value().fields();
    const auto found = fields.find(name);
    if (found != fields.end()) return found->second;
  }
  return Value::default_instance();
}

std::string Text(const Value& from) {
  const Value& value = One(from);
  if (value.has_string_value()) return value.string_value();
  if (!value.has_number_value()) return {};
  const double number = value.number_value();
  const bool whole = std::abs(number) < 1e15 && std::trunc(number) == number;
  return whole ? std::to_string(static_cast<long long>(number)) : std::to_string(number);
}

std::string UrlIn(const Value& value) {
  if (value.has_list_value()) {
    for (const Value& entry : value.list_value().values()) {
      std::string url = UrlIn(entry);
      if (!url.empty()) return url;
    }
    return {};
  }
  return value.has_struct_value() ? Text(Field(value, "url")) : std::string();
}

std::string TaskId(const Value& id, std::string_view body) {
  if (!One(id).has_number_value()) return Text(id);
  ::zai::v4::NumericId exact;
  return ParseJson(body, exact) ? std::to_string(exact.id()) : Text(id);
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

bool IsCode(std::string_view code) {
  return !code.empty() && code.size() <= 32 && std::all_of(code.begin(), code.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-';
  });
}

// Codes that flat bodies use for success.
bool MeansSuccess(std::string_view code) { return code == "0" || code == "200"; }

// "[1302][text]": the code inside, and the text.
void TakePrefix(ZaiReply& reply) {
  std::string_view message = reply.error_message;
  const auto end = message.find(']');
  if (!message.starts_with('[') || end != 5) return;
  const std::string_view code = message.substr(1, 4);
  if (!std::all_of(code.begin(), code.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) return;
  if (reply.error_code.empty()) reply.error_code = code;
  message.remove_prefix(end + 1);
  if (message.starts_with('[') && message.ends_with(']')) message = message.substr(1, message.size() - 2);
  reply.error_message = std::string(message);
}

// A text that fits a record and a request; nothing is left of a longer one, which cannot be what it seems.
std::string Bounded(std::string text, std::size_t most) {
  const bool fits = text.size() <= most && std::none_of(text.begin(), text.end(), [](unsigned char c) {
    return c < 0x20 || c == 0x7f;
  });
  return fits ? text : std::string();
}

std::string FirstNonEmpty(std::string a, std::string b) { return a.empty() ? b : a; }

void TakeError(const ::zai::v4::Reply& body, ZaiReply& reply) {
  const Value& error = One(body.error());
  reply.error_code = FirstNonEmpty(Text(Field(error, "code")), Text(body.code()));
  if (!IsCode(reply.error_code) || MeansSuccess(reply.error_code)) reply.error_code.clear();
  const std::string inner = FirstNonEmpty(Text(Field(error, "message")), Text(Field(error, "msg")));
  const std::string flat = FirstNonEmpty(Text(body.message()), Text(body.msg()));
  reply.error_message = FirstNonEmpty(FirstNonEmpty(inner, Text(error)), flat);
  TakePrefix(reply);
}

std::optional<std::int32_t> Level(const Value& value) {
  const std::string text = Text(value);
  const bool digit = text.size() == 1 && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
  if (!digit) return std::nullopt;
  return text[0] - '0';
}

void TakeFilter(const Value& value, std::vector<v1::ContentFilter>& filters) {
  constexpr std::size_t kMostEntries = 16;
  if (value.has_list_value()) {
    for (const Value& entry : value.list_value().values()) TakeFilter(entry, filters);
    return;
  }
  if (!value.has_struct_value() || filters.size() >= kMostEntries) return;
  v1::ContentFilter filter;
  const std::string role = Text(Field(value, "role"));
  if (IsCode(role)) filter.set_role(role);
  if (const auto level = Level(Field(value, "level"))) filter.set_level(*level);
  if (!filter.role().empty() || filter.has_level()) filters.push_back(std::move(filter));
}

}  // namespace

ZaiReply ReadReply(std::string_view body) {
  ZaiReply reply;
  ::zai::v4::Reply message;
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  if (!ParseJson(body, message)) return reply;
  reply.image_url = Bounded(FirstNonEmpty(UrlIn(message.data()), UrlIn(message.image_result())), kMaxUrl);
  reply.task_id = Bounded(TaskId(message.id(), body), kMaxTaskId);
  reply.task_status = Upper(Text(message.task_status()));
  TakeError(message, reply);
  TakeFilter(message.content_filter(), reply.content_filter);
  TakeFilter(Field(message.error(), "contentFilter"), reply.content_filter);
  TakeFilter(Field(message.error(), "content_filter"), reply.content_filter);
  return reply;
}

}  // namespace easel::upstream
