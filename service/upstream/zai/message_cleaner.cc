#include "upstream/zai/message_cleaner.h"

#include <algorithm>
#include <unordered_set>

#include "upstream/zai/utf8.h"

namespace easel::upstream {
namespace {

constexpr std::size_t kMaxRead = 4096;
constexpr std::size_t kMaxKept = 512;
constexpr std::size_t kPromptRun = 24;
// A shorter prompt is a word that any message may contain.
constexpr std::size_t kShortestPrompt = 4;
constexpr std::size_t kShortestSecret = 8;

// One line; runs of white space and control characters become one space.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f) {
      line.push_back(c);
    } else if (!line.empty() && line.back() != ' ') {
      line.push_back(' ');
    }
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

void MaskAll(std::string& text, std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "[key]");
  }
}

// The key, and its halves where it has them.
void MaskKey(std::string& text, std::string_view key) {
  MaskAll(text, key);
  const auto dot = key.find('.');
  if (dot == std::string_view::npos) return;
  MaskAll(text, key.substr(0, dot));
  MaskAll(text, key.substr(dot + 1));
}

// A query goes on to the next byte that no URL holds; brackets and apostrophes in it are a part of it, at its end of the
// sentence around it.
void CutQueries(std::string& text) {
  for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    auto end = std::min(text.find_first_of(" \"<>", at), text.size());
    while (end > at && std::string_view(")]}'").find(text[end - 1]) != std::string_view::npos) --end;
    const auto query = text.find('?', at);
    if (query < end) text.replace(query, end - query, "?...");
  }
}

}  // namespace

bool MessageCleaner::RepeatsPrompt(std::string_view text) const {
  std::string prompt = OneLine(*prompt_);
  const std::size_t run = std::min(kPromptRun, prompt.size());
  if (run < kShortestPrompt || text.size() < run) return false;
  if (run == kPromptRun) prompt = " " + prompt + " ";  // it may have begun and ended so
  std::unordered_set<std::string_view> runs;
  for (std::size_t at = 0; at + run <= text.size(); ++at) runs.insert(text.substr(at, run));
  for (std::size_t at = 0; at + run <= prompt.size(); ++at) {
    if (runs.contains(std::string_view(prompt).substr(at, run))) return true;
  }
  return false;
}

std::string MessageCleaner::Clean(std::string_view text) const {
  std::string clean = OneLine(ValidUtf8(text.substr(0, kMaxRead)));
  if (!prompt_ || RepeatsPrompt(clean)) return {};
  MaskKey(clean, key_);
  CutQueries(clean);
  // What stands in place of the key may stand in the prompt too.
  if (RepeatsPrompt(clean)) return {};
  return std::string(Utf8Prefix(clean, kMaxKept));
}

bool MessageCleaner::MayShow(std::string_view word) const {
  std::string masked(word);
  MaskKey(masked, key_);
  return masked == word && (word.size() < kPromptRun || !prompt_ || !RepeatsPrompt(word));
}

}  // namespace easel::upstream
