#include "sandbox/directive.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace easel::sandbox {
namespace {

constexpr std::string_view kOpening = "[[sandbox";
constexpr std::string_view kClosing = "]]";

bool IsSeparator(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)) || c == ',' || c == ';'; }

std::string TakeValue(std::string_view& text) {
  if (!text.empty() && text.front() == '"') {
    const std::size_t end = text.find('"', 1);
    std::string value(text.substr(1, end == std::string_view::npos ? end : end - 1));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return value;
  }
  std::size_t size = 0;
  while (size < text.size() && !absl::ascii_isspace(static_cast<unsigned char>(text[size]))) ++size;
  std::string value(text.substr(0, size));
  text.remove_prefix(size);
  while (!value.empty() && IsSeparator(value.back())) value.pop_back();
  return value;
}

FaultWords SplitWords(std::string_view text) {
  FaultWords words;
  while (true) {
    while (!text.empty() && IsSeparator(text.front())) text.remove_prefix(1);
    if (text.empty()) return words;
    std::size_t size = 0;
    while (size < text.size() && !IsSeparator(text[size]) && text[size] != '=' && text[size] != ':') ++size;
    std::string word(text.substr(0, size));
    text.remove_prefix(size);
    std::string value;
    if (!text.empty() && (text.front() == '=' || text.front() == ':')) {
      text.remove_prefix(1);
      value = TakeValue(text);
    }
    words.emplace_back(std::move(word), std::move(value));
  }
}

// Where the next directive begins at or after `from`.
std::size_t FindDirective(std::string_view prompt, std::size_t from) {
  for (std::size_t at = prompt.find("[[", from); at != std::string_view::npos; at = prompt.find("[[", at + 1)) {
    if (absl::AsciiStrToLower(std::string(prompt.substr(at, kOpening.size()))) == kOpening) return at;
  }
  return std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::vector<Fault>> FaultsInPrompt(std::string_view prompt) {
  std::vector<Fault> faults;
  for (std::size_t at = FindDirective(prompt, 0); at != std::string_view::npos; at = FindDirective(prompt, at + 1)) {
    std::string_view text = prompt.substr(at + kOpening.size());
    const std::size_t end = text.find(kClosing);
    if (end == std::string_view::npos) return absl::InvalidArgumentError("a [[sandbox: ...]] directive lacks its ]]");
    text = text.substr(0, end);
    while (!text.empty() && (IsSeparator(text.front()) || text.front() == ':')) text.remove_prefix(1);
    auto more = ParseFault(SplitWords(text), 0);
    if (!more.ok()) return more.status();
    faults.insert(faults.end(), more->begin(), more->end());
  }
  return faults;
}

std::string WithoutDirectives(std::string_view prompt) {
  std::string kept;
  std::size_t from = 0;
  for (std::size_t at = FindDirective(prompt, 0); at != std::string_view::npos; at = FindDirective(prompt, from)) {
    absl::StrAppend(&kept, std::string(prompt.substr(from, at - from)));
    const std::size_t end = prompt.find(kClosing, at);
    from = end == std::string_view::npos ? prompt.size() : end + kClosing.size();
  }
  absl::StrAppend(&kept, std::string(prompt.substr(from)));
  return std::string(absl::StripAsciiWhitespace(kept));
}

}  // namespace easel::sandbox
