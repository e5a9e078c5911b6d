#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace easel::app {

// 200ms, 5s, 15m, 24h, 7d, 1.5h, 1h30m, 0. Nothing for anything else, negative ones and more
// than a century included.
std::optional<absl::Duration> ParseDuration(const std::string& text);

// The shortest of these spellings: 7d, not 168h.
std::string DurationText(absl::Duration duration);

// 1048576, 512KiB, 64MiB, 1GiB; KB, MB and GB are thousands. Nothing for anything else.
std::optional<int64_t> ParseBytes(const std::string& text);
std::string BytesText(int64_t bytes);

// The parts of a comma separated list, trimmed, without empty ones.
std::vector<std::string> SplitList(const std::string& text);

// A value in quotation marks for an error: cut to 60 characters, control characters escaped, and what follows the scheme
// of a URL with a user in it hidden.
std::string Quoted(const std::string& value);

// The user and password of a URL as ***.
std::string WithoutUser(const std::string& url);

// What comes after ? as ***.
std::string WithoutQuery(const std::string& url);

// The candidate that a mistyped word most likely means; empty if none is within `most` mistakes.
std::string Nearest(const std::string& word, const std::vector<std::string>& candidates, size_t most);

// ` (did you mean "X"?)`, or empty.
std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace easel::app
