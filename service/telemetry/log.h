#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace easel::telemetry {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning" or "error"; nothing for any other text.
std::optional<LogLevel> LogLevelFrom(std::string_view name);
std::string_view LogLevelName(LogLevel level);

// A key, and a value as JSON knows them.
struct LogField {
  template <class T>
  LogField(std::string field_key, T field_value) : key(std::move(field_key)) {
    if constexpr (std::same_as<T, bool>) {
      value = field_value;
    } else if constexpr (std::integral<T>) {
      value = static_cast<std::int64_t>(field_value);
    } else if constexpr (std::floating_point<T>) {
      value = static_cast<double>(field_value);
    } else {
      value = std::string(field_value);
    }
  }

  std::string key;
  std::variant<std::string, std::int64_t, double, bool> value;
};

// One event. Fields keep their order. Prompts, keys and signed URLs belong in no line.
struct LogLine {
  LogLevel level = LogLevel::kInfo;
  std::string message;
  std::vector<LogField> fields = {};
};

// The line as one JSON object with a newline at its end: level, time (RFC 3339, UTC, microseconds), message, fields.
// Bytes that are not UTF-8 are replaced.
std::string ToJson(const LogLine& line, absl::Time time);

// Writes lines to standard error, each with a single write so that those of several threads never mix. Thread-safe; never
// fails: what cannot be written is lost.
class Log {
 public:
  // Takes finished lines, newline included. Called by one thread at a time.
  using Sink = std::function<void(std::string_view)>;

  explicit Log(LogLevel minimum = LogLevel::kInfo);
  Log(LogLevel minimum, Sink sink);
  ~Log();

  void Write(const LogLine& line);

  // The least severe lines that are written from here on.
  void SetMinimum(LogLevel minimum);

  void Debug(std::string message, std::vector<LogField> fields = {});
  void Info(std::string message, std::vector<LogField> fields = {});
  void Warning(std::string message, std::vector<LogField> fields = {});
  void Error(std::string message, std::vector<LogField> fields = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace easel::telemetry
