#include "cli/progress_line.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/text.h"

namespace easel::cli {
namespace {

constexpr int kBarCells = 20;

double Fraction(const v1::Generation& generation, const ProgressMoment& moment) {
  const v1::Progress& progress = generation.progress();
  double fraction = progress.fraction();
  if (progress.has_expected_end_time()) {
    const absl::Duration left = TimeOf(progress.expected_end_time()) - moment.heard;
    if (left > absl::ZeroDuration()) {
      fraction += (1 - fraction) * std::clamp(absl::FDivDuration(moment.now - moment.heard, left), 0.0, 1.0);
    }
  }
  return std::clamp(fraction, 0.0, 0.99);
}

std::string Bar(double fraction) {
  const auto full = static_cast<size_t>(fraction * kBarCells);
  return "[" + std::string(full, '#') + std::string(kBarCells - full, '-') + "]  ";
}

// The wait in front, or the time left, as far as the service knows them.
std::string Outlook(const v1::Generation& generation, const ProgressMoment& moment) {
  if (!moment.note.empty()) return ", " + moment.note;
  const v1::Progress& progress = generation.progress();
  std::string outlook;
  if (progress.has_queue_position()) outlook += absl::StrCat(", ", progress.queue_position(), " ahead");
  if (progress.has_expected_end_time()) {
    const absl::Duration left = TimeOf(progress.expected_end_time()) - moment.now;
    if (left >= absl::Seconds(1)) outlook += ", about " + Time(absl::Trunc(left, absl::Seconds(1))) + " left";
  }
  return outlook;
}

}  // namespace

std::string ProgressLine(const v1::Generation& generation, const ProgressMoment& moment) {
  const bool begun = generation.state() != v1::GENERATION_STATE_UNSPECIFIED;
  const double fraction = Fraction(generation, moment);
  const std::string spinner = std::string(1, "|/-\\"[moment.frame % 4]) + " ";
  const std::string head = spinner + (begun ? StateText(generation.state()) : "connecting") + "  ";
  const bool measured = begun && generation.has_progress() && !generation.progress().has_queue_position();
  const std::string percent = measured ? absl::StrCat(static_cast<int>(fraction * 100), " %  ") : "";
  const std::string bar = measured ? Bar(fraction) : "";
  const std::string elapsed = Time(moment.elapsed);
  const std::string outlook = Printable(Outlook(generation, moment));
  const std::vector<std::string> candidates = {
      head + bar + percent + elapsed + outlook,
      head + percent + elapsed + outlook,
      head + percent + elapsed,
  };
  for (const std::string& line : candidates) {
    if (Columns(line) < moment.columns) return line;
  }
  return Cut(head + elapsed, std::max(0, moment.columns - 1));
}

}  // namespace easel::cli
