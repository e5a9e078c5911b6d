#include "generation/validation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace easel::generation {
namespace {

constexpr std::size_t kMaxPromptBytes = 64 * 1024;

// Protobuf has checked that it is UTF-8.
std::int64_t CodePoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

// The beginning of a text of UTF-8, with no character cut.
std::string_view Beginning(std::string_view text, std::size_t most) {
  while (most < text.size() && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

std::string Print(const v1::Size& size) { return absl::StrCat(size.width(), "x", size.height()); }

std::string ModelNames(const Catalog& catalog) {
  return absl::StrJoin(catalog.models(), ", ",
                       [](std::string* out, const v1::Model& model) { out->append(model.model()); });
}

void CheckPrompt(const v1::ImageSpec& spec, const v1::Model* model, std::vector<Violation>& violations) {
  const std::string& prompt = spec.prompt();
  if (absl::StripAsciiWhitespace(prompt).empty()) {
    violations.push_back({"spec.prompt", "is empty; say what the picture shows"});
  } else if (prompt.size() > kMaxPromptBytes) {
    violations.push_back({"spec.prompt", absl::StrCat("has ", prompt.size(), " bytes of UTF-8; at most ", kMaxPromptBytes,
                                                      " are taken: shorten it")});
  } else if (model != nullptr && model->max_prompt_code_points() > 0 &&
             CodePoints(prompt) > model->max_prompt_code_points()) {
    violations.push_back({"spec.prompt", absl::StrCat("has ", CodePoints(prompt), " characters; ", model->model(),
                                                      " takes at most ", model->max_prompt_code_points(),
                                                      ": shorten it")});
  }
}

void CheckQuality(const v1::ImageSpec& spec, const v1::Model* model, std::vector<Violation>& violations) {
  const v1::Quality quality = spec.quality();
  if (quality == v1::QUALITY_UNSPECIFIED) return;
  if (!v1::Quality_IsValid(quality)) {
    violations.push_back({"spec.quality", absl::StrCat("is the unknown value ", static_cast<int>(quality),
                                                       "; use QUALITY_HD or QUALITY_STANDARD")});
  } else if (model != nullptr && FindQuality(*model, quality) == nullptr) {
    violations.push_back({"spec.quality", absl::StrCat("is ", v1::Quality_Name(quality), ", which ", model->model(),
                                                       " does not have; use ",
                                                       v1::Quality_Name(model->default_quality()))});
  }
}

void CheckSize(const v1::ImageSpec& spec, const v1::Model* model, std::vector<Violation>& violations) {
  if (model == nullptr || !spec.has_size()) return;
  const v1::SizeRules& rules = model->size_rules();
  const std::int64_t width = spec.size().width();
  const std::int64_t height = spec.size().height();
  std::vector<std::string> broken;
  if (std::min(width, height) < rules.min_side() || std::max(width, height) > rules.max_side()) {
    broken.push_back(absl::StrCat("sides must be ", rules.min_side(), " to ", rules.max_side(), " pixels"));
  }
  if (width % rules.side_multiple() != 0 || height % rules.side_multiple() != 0) {
    broken.push_back(absl::StrCat("sides must be multiples of ", rules.side_multiple()));
  }
  if (width * height > rules.max_pixels()) {
    broken.push_back(absl::StrCat("width times height must be at most ", rules.max_pixels()));
  }
  if (broken.empty()) return;
  violations.push_back({"spec.size", absl::StrCat("is ", Print(spec.size()), "; for ", model->model(), " ",
                                                  absl::StrJoin(broken, ", "), ". The nearest valid size is ",
                                                  Print(NearestValidSize(spec.size(), rules)))});
}

}  // namespace

std::vector<Violation> Validate(const v1::ImageSpec& spec, const Catalog& catalog) {
  std::vector<Violation> violations;
  const v1::Model* model = catalog.Find(spec.model());
  if (model == nullptr) {
    violations.push_back({"spec.model", absl::StrCat("is '", std::string(Beginning(spec.model(), 64)),
                                                     "', which is not offered; use one of: ", ModelNames(catalog))});
  }
  CheckPrompt(spec, model, violations);
  CheckQuality(spec, model, violations);
  CheckSize(spec, model, violations);
  if (const auto length = CodePoints(spec.user_id()); length != 0 && (length < 6 || length > 128)) {
    violations.push_back({"spec.user_id", absl::StrCat("has ", length, " characters; it takes 6 to 128, or none")});
  }
  if (spec.has_watermark() && model != nullptr && !model->supports_watermark()) {
    violations.push_back({"spec.watermark", "is set, but this upstream has no switch for the watermark; leave it unset"});
  }
  return violations;
}

std::vector<Violation> ValidateRequestId(std::string_view request_id) {
  if (request_id.size() > 128) {
    return {{"request_id", absl::StrCat("has ", request_id.size(), " characters; at most 128 are taken")}};
  }
  const auto printable = [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); };
  if (!std::all_of(request_id.begin(), request_id.end(), printable)) {
    return {{"request_id", "has a character that is not printable ASCII; a UUID is a good request_id"}};
  }
  return {};
}

v1::Size NearestValidSize(const v1::Size& size, const v1::SizeRules& rules) {
  const int multiple = rules.side_multiple();
  const auto clamp = [&](double side) {
    return static_cast<int>(std::clamp(side, static_cast<double>(rules.min_side()), static_cast<double>(rules.max_side())));
  };
  const bool too_many = std::int64_t{size.width()} * size.height() > rules.max_pixels();
  const int up = too_many ? 0 : multiple / 2;  // what was scaled down must not grow again: a square stays one
  const auto round = [&](int side) { return std::clamp((side + up) / multiple * multiple, rules.min_side(), rules.max_side()); };
  double width = clamp(size.width());
  double height = clamp(size.height());
  if (const double pixels = width * height; pixels > static_cast<double>(rules.max_pixels())) {
    const double scale = std::sqrt(static_cast<double>(rules.max_pixels()) / pixels);
    width = clamp(width * scale);
    height = clamp(height * scale);
  }
  v1::Size nearest;
  nearest.set_width(round(static_cast<int>(width)));
  nearest.set_height(round(static_cast<int>(height)));
  while (std::int64_t{nearest.width()} * nearest.height() > rules.max_pixels()) {
    if (nearest.width() >= nearest.height()) nearest.set_width(nearest.width() - multiple);
    else nearest.set_height(nearest.height() - multiple);
  }
  return nearest;
}

}  // namespace easel::generation
