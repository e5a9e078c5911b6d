#include "telemetry/log.h"

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "telemetry/json_text.h"

namespace easel::telemetry {
namespace {

void WriteToStandardError(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AppendValue(const LogField& field, std::string& out) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    AppendJsonString(*text, out);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    absl::StrAppend(&out, *number);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    absl::StrAppend(&out, std::isfinite(*real) ? absl::StrCat(*real) : "null");
  } else {
    absl::StrAppend(&out, std::get<bool>(field.value) ? "true" : "false");
  }
}

}  // namespace

std::optional<LogLevel> LogLevelFrom(std::string_view name) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (name == LogLevelName(level)) return level;
  }
  return std::nullopt;
}

std::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string ToJson(const LogLine& line, absl::Time time) {
  std::string out = "{\"level\":";
  AppendJsonString(LogLevelName(line.level), out);
  out.append(",\"time\":");
  AppendJsonString(absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()), out);
  out.append(",\"message\":");
  AppendJsonString(line.message, out);
  for (const LogField& field : line.fields) {
    out.push_back(',');
    AppendJsonString(field.key, out);
    out.push_back(':');
    AppendValue(field, out);
  }
  out.append("}\n");
  return out;
}

struct Log::State {
  std::atomic<LogLevel> minimum;
  Sink sink;
  std::mutex mutex;
};

Log::Log(LogLevel minimum) : Log(minimum, WriteToStandardError) {}

Log::Log(LogLevel minimum, Sink sink) : state_(std::make_unique<State>()) {
  state_->minimum = minimum;
  state_->sink = std::move(sink);
}

Log::~Log() = default;

void Log::Write(const LogLine& line) {
  if (line.level < state_->minimum) return;
  const std::string text = ToJson(line, absl::Now());
  const std::lock_guard lock(state_->mutex);
  state_->sink(text);
}

void Log::SetMinimum(LogLevel minimum) { state_->minimum = minimum; }

void Log::Debug(std::string message, std::vector<LogField> fields) {
  Write({LogLevel::kDebug, std::move(message), std::move(fields)});
}

void Log::Info(std::string message, std::vector<LogField> fields) {
  Write({LogLevel::kInfo, std::move(message), std::move(fields)});
}

void Log::Warning(std::string message, std::vector<LogField> fields) {
  Write({LogLevel::kWarning, std::move(message), std::move(fields)});
}

void Log::Error(std::string message, std::vector<LogField> fields) {
  Write({LogLevel::kError, std::move(message), std::move(fields)});
}

}  // namespace easel::telemetry
