#include "telemetry/json_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>

#include <boost/locale/utf.hpp>

namespace easel::telemetry {
namespace {

// The bytes of the valid UTF-8 sequence at the start of `text`, which is not empty; 0: there is none.
std::size_t SequenceLength(std::string_view text) {
  const char* at = text.data();
  const auto code_point = boost::locale::utf::utf_traits<char>::decode(at, text.data() + text.size());
  return boost::locale::utf::is_valid_codepoint(code_point) ? static_cast<std::size_t>(at - text.data()) : 0;
}

void AppendEscaped(char c, std::string& out) {
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  out.append(escape);
}

bool IsPlain(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out.push_back('"');
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), IsPlain) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t length = SequenceLength(text);
    const char c = text.front();
    if (length == 0) {
      out.append("\\ufffd");
    } else if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      AppendEscaped(c, out);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
}

}  // namespace easel::telemetry
