#include "cli/summary.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "cli/text.h"

namespace easel::cli {
namespace {

std::string Format(const v1::Image& image) {
  const std::string& type = image.content_type();
  return absl::StartsWith(type, "image/") ? type.substr(6) : type;
}

std::string ImageText(const v1::Image& image) {
  return absl::StrCat(image.width(), "x", image.height(), " ", Format(image), ", ", Bytes(image.size_bytes()));
}

std::string Joined(const std::vector<std::string>& parts, const std::string& separator) {
  std::vector<std::string> known;
  for (const std::string& part : parts) {
    if (!part.empty()) known.push_back(part);
  }
  return absl::StrJoin(known, separator);
}

std::string DetailLine(const std::string& title, const std::string& value) {
  if (value.empty()) return "";
  return "  " + title + std::string(12 - title.size(), ' ') + Printable(value) + "\n";
}

}  // namespace

std::string MadeSummary(const v1::Generation& generation, const std::string& path, absl::Duration elapsed) {
  std::string summary = path.empty() ? "" : path + "\n";
  summary += "  " + ImageText(generation.image()) + "\n";
  summary += "  " + Joined({ChargeText(generation.charge()), Time(elapsed), generation.name()}, ", ") + "\n";
  for (const std::string& warning : generation.image().warnings()) summary += "  note: " + Printable(warning) + "\n";
  return summary;
}

std::string SpecText(const v1::ImageSpec& spec) {
  return Joined({spec.model(), QualityText(spec.quality()), SizeText(spec.size())}, " ");
}

std::string ProgressText(const v1::Generation& generation) {
  if (!generation.has_progress()) return "";
  const v1::Progress& progress = generation.progress();
  std::string left;
  if (progress.has_expected_end_time()) {
    const absl::Duration duration = TimeOf(progress.expected_end_time()) - absl::Now();
    if (duration >= absl::Seconds(1)) left = "about " + Time(absl::Trunc(duration, absl::Seconds(1))) + " left";
  }
  const std::string place = progress.has_queue_position()
                                ? absl::StrCat(progress.queue_position(), " ahead")
                                : absl::StrCat(static_cast<int>(progress.fraction() * 100), " %");
  return Joined({place, left}, ", ");
}

std::string Details(const v1::Generation& generation) {
  std::string text = generation.name() + "\n";
  text += DetailLine("state", Joined({StateText(generation.state()), ProgressText(generation)}, ", "));
  if (generation.cancel_requested()) text += DetailLine("", "asked to cancel; it goes on until it ends");
  text += DetailLine("drawn by", SpecText(generation.spec()));
  text += DetailLine("prompt", Cut(Printable(generation.spec().prompt()), 200));
  text += DetailLine("request id", generation.request_id());
  text += DetailLine("created", Moment(generation.create_time()));
  text += DetailLine("ended", Moment(generation.end_time()));
  text += DetailLine("kept until", Moment(generation.expire_time()));
  if (generation.has_image()) {
    text += DetailLine("image", ImageText(generation.image()));
    text += DetailLine("sha256", generation.image().sha256());
    text += DetailLine("url", generation.image().url());
  }
  for (const std::string& warning : generation.image().warnings()) text += DetailLine("note", warning);
  text += DetailLine("charged", ChargeText(generation.charge()));
  text += DetailLine("error", generation.error().message());
  return text;
}

}  // namespace easel::cli
