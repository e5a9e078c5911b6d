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

void CutQueries(std::string& text) {
  for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const auto end = std::min(text.find_first_of(" \"'<>)]}", at), text.size());
    const auto query = text.find('?', at);
    if (query < end) text.replace(query, end - query, "?...");
  }
}

}  // namespace

bool MessageCleaner::RepeatsPrompt(std::string_view text) const {
  const std::string prompt = OneLine(*prompt_);
  const std::size_t run = std::min(kPromptRun, prompt.size());
  if (run < kShortestPrompt || text.size() < run) return false;
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
  MaskAll(clean, key_);
  const auto dot = key_.find('.');
  if (dot != std::string_view::npos) {
    MaskAll(clean, key_.substr(0, dot));
    MaskAll(clean, key_.substr(dot + 1));
  }
  CutQueries(clean);
  return std::string(Utf8Prefix(clean, kMaxKept));
}

}  // namespace easel::upstream
