#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace easel::upstream {

// Makes what an upstream says fit for callers, logs and records: one line of at most 512 bytes of valid UTF-8, URLs
// without query, the key masked. A text that repeats 24 bytes in a row of the prompt (or all of a shorter one) is dropped
// as a whole, and so is every text where the prompt is not known. Lives no longer than the texts it was given.
class MessageCleaner {
 public:
  // `prompt`: none where it is not known; empty where there is none.
  MessageCleaner(std::string_view key, std::optional<std::string_view> prompt) : key_(key), prompt_(prompt) {}

  // Empty where nothing can be passed on.
  std::string Clean(std::string_view text) const;

  // Whether a word, such as a code, can be shown as it is: it holds neither the key nor 24 bytes in a row of the prompt.
  bool MayShow(std::string_view word) const;

 private:
  bool RepeatsPrompt(std::string_view text) const;

  std::string_view key_;
  std::optional<std::string_view> prompt_;
};

}  // namespace easel::upstream
