#include "sandbox/quoted_text.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace easel::sandbox {
namespace {

constexpr std::size_t kMaxBytes = 300;

struct Marks {
  std::string_view open;
  std::string_view close;
  bool may_be_apostrophe;
};

constexpr std::array kMarks = {
    Marks{"\"", "\"", false}, Marks{"“", "”", false}, Marks{"„", "“", false}, Marks{"‘", "’", true},
    Marks{"'", "'", true},    Marks{"「", "」", false}, Marks{"『", "』", false}, Marks{"«", "»", false},
};

// Letters and digits of any script: every byte beyond ASCII counts as part of one.
bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || absl::ascii_isalnum(byte);
}

bool OpensHere(std::string_view prompt, std::size_t at, const Marks& marks) {
  if (!prompt.substr(at).starts_with(marks.open)) return false;
  const bool ascii = marks.open == "'";
  if (!ascii) return true;
  const std::size_t next = at + marks.open.size();
  const bool after_word = at > 0 && absl::ascii_isalnum(static_cast<unsigned char>(prompt[at - 1]));
  return !after_word && next < prompt.size() && !absl::ascii_isspace(static_cast<unsigned char>(prompt[next]));
}

std::size_t FindClose(std::string_view prompt, std::size_t from, const Marks& marks) {
  for (std::size_t at = prompt.find(marks.close, from); at != std::string_view::npos;
       at = prompt.find(marks.close, at + marks.close.size())) {
    const std::size_t after = at + marks.close.size();
    const bool in_word = after < prompt.size() && at > from && IsWordByte(prompt[at - 1]) &&
                         absl::ascii_isalnum(static_cast<unsigned char>(prompt[after]));
    if (!marks.may_be_apostrophe || !in_word) return at;
  }
  return std::string_view::npos;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::vector<std::string> QuotedTexts(std::string_view prompt) {
  std::vector<std::string> texts;
  std::size_t at = 0;
  while (at < prompt.size()) {
    std::size_t next = at + 1;
    for (const Marks& marks : kMarks) {
      if (!OpensHere(prompt, at, marks)) continue;
      const std::size_t from = at + marks.open.size();
      const std::size_t end = FindClose(prompt, from, marks);
      if (end == std::string_view::npos || end - from > kMaxBytes) continue;
      const std::string text(absl::StripAsciiWhitespace(std::string(prompt.substr(from, end - from))));
      if (!text.empty()) texts.push_back(text);
      next = end + marks.close.size();
      break;
    }
    at = next;
  }
  return texts;
}

std::string Excerpt(std::string_view text, std::size_t limit) {
  std::size_t end = 0;
  std::size_t points = 0;
  while (end < text.size() && (points < limit || IsContinuation(text[end]))) {
    if (!IsContinuation(text[end])) ++points;
    ++end;
  }
  std::string kept(text.substr(0, end));
  if (end == text.size()) return kept;
  const std::size_t space = kept.rfind(' ');
  if (space != std::string::npos && space > kept.size() / 2) kept.resize(space);
  while (!kept.empty() && absl::StrContains(" ,.;:", kept.substr(kept.size() - 1))) kept.pop_back();
  return kept + "…";
}

}  // namespace easel::sandbox
