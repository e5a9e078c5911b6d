#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace easel::upstream {

// The text with every byte that is not part of valid UTF-8 replaced by '?'.
std::string ValidUtf8(std::string_view text);

// The longest beginning of valid UTF-8 that has at most `max_bytes` and does not cut a character.
std::string_view Utf8Prefix(std::string_view text, std::size_t max_bytes);

}  // namespace easel::upstream
