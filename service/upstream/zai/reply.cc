#include "upstream/zai/reply.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <optional>

#include <boost/json.hpp>

#include "upstream/zai/utf8.h"

namespace easel::upstream {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxUrl = 8 * 1024;
constexpr std::size_t kMaxTaskId = 256;
constexpr std::size_t kUsualReply = 4 * 1024;

const json::value kNothing;

// A list where one thing was expected stands for its first entry.
const json::value& One(const json::value& value) {
  const json::array* list = value.if_array();
  return list != nullptr && !list->empty() ? One(list->front()) : value;
}

const json::value& Field(const json::value& from, std::string_view name) {
  const json::object* object = One(from).if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr ? kNothing : *found;
}

// Bodies spell a name in one of two ways.
const json::value& Field(const json::value& from, std::string_view name, std::string_view other_name) {
  const json::value& found = Field(from, name);
  return found.is_null() ? Field(from, other_name) : found;
}

std::string Text(const json::value& from) {
  const json::value& value = One(from);
  if (const json::string* text = value.if_string()) return std::string(*text);
  if (const std::int64_t* whole = value.if_int64()) return std::to_string(*whole);
  if (const std::uint64_t* whole = value.if_uint64()) return std::to_string(*whole);
  const double* number = value.if_double();
  if (number == nullptr) return {};
  const bool whole = std::abs(*number) < 1e15 && std::trunc(*number) == *number;
  return whole ? std::to_string(static_cast<long long>(*number)) : std::to_string(*number);
}

std::string UrlIn(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    for (const json::value& entry : *list) {
      std::string url = UrlIn(entry);
      if (!url.empty()) return url;
    }
    return {};
  }
  return value.is_object() ? Text(Field(value, "url")) : std::string();
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

void TakeError(const json::value& body, ZaiReply& reply) {
  const json::value& error = One(Field(body, "error"));
  reply.error_code = FirstNonEmpty(Text(Field(error, "code")), Text(Field(body, "code")));
  if (!IsCode(reply.error_code) || MeansSuccess(reply.error_code)) reply.error_code.clear();
  const std::string inner = FirstNonEmpty(Text(Field(error, "message")), Text(Field(error, "msg")));
  const std::string flat = FirstNonEmpty(Text(Field(body, "message")), Text(Field(body, "msg")));
  reply.error_message = FirstNonEmpty(FirstNonEmpty(inner, Text(error)), flat);
  TakePrefix(reply);
}

std::optional<std::int32_t> Level(const json::value& value) {
  const std::string text = Text(value);
  const bool digit = text.size() == 1 && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
  if (!digit) return std::nullopt;
  return text[0] - '0';
}

void TakeFilter(const json::value& value, std::vector<v1::ContentFilter>& filters) {
  constexpr std::size_t kMostEntries = 16;
  if (const json::array* list = value.if_array()) {
    for (const json::value& entry : *list) TakeFilter(entry, filters);
    return;
  }
  if (!value.is_object() || filters.size() >= kMostEntries) return;
  v1::ContentFilter filter;
  const std::string role = Text(Field(value, "role"));
  if (IsCode(role)) filter.set_role(role);
  if (const auto level = Level(Field(value, "level"))) filter.set_level(*level);
  if (!filter.role().empty() || filter.has_level()) filters.push_back(std::move(filter));
}

}  // namespace

ZaiReply ReadReply(std::string_view body) {
  ZaiReply reply;
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  unsigned char room[kUsualReply];
  json::monotonic_resource memory(room, sizeof room);
  boost::system::error_code malformed;
  const json::value message = json::parse(ValidUtf8(body), malformed, &memory);
  if (malformed || !message.is_object()) return reply;
  const json::value& filter = Field(message, "content_filter", "contentFilter");
  const json::value& made = Field(message, "image_result", "imageResult");
  reply.image_url = Bounded(FirstNonEmpty(UrlIn(Field(message, "data")), UrlIn(made)), kMaxUrl);
  reply.task_id = Bounded(Text(Field(message, "id")), kMaxTaskId);
  reply.task_status = Upper(Text(Field(message, "task_status", "taskStatus")));
  TakeError(message, reply);
  TakeFilter(filter, reply.content_filter);
  TakeFilter(Field(Field(message, "error"), "contentFilter"), reply.content_filter);
  TakeFilter(Field(Field(message, "error"), "content_filter"), reply.content_filter);
  return reply;
}

}  // namespace easel::upstream
