#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace easel::sandbox {

// What a prompt puts in quotation marks, in order: "..", “..”, „..“, ‘..’, '..' (where it is no apostrophe), 「..」, 『..』,
// «..». Empty quotations and those over 300 bytes are passed over. The prompt must be UTF-8.
std::vector<std::string> QuotedTexts(std::string_view prompt);

// At most `limit` code points from the beginning, with an ellipsis where something was left out, preferably after a word.
std::string Excerpt(std::string_view text, std::size_t limit);

}  // namespace easel::sandbox
