#include "imaging/format_parser.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "imaging/jpeg_parser.h"
#include "imaging/png_parser.h"
#include "imaging/webp_parser.h"

namespace easel::imaging {

void FormatParser::Append(std::string_view bytes) {
  while (!bytes.empty() && !problem_) {
    if (ended_) {
      trailing_bytes_ += static_cast<std::int64_t>(bytes.size());
      return;
    }
    bytes = Step(bytes);
  }
}

std::string_view FormatParser::Step(std::string_view bytes) {
  switch (mode_) {
    case Mode::kSkip:
      return StepSkip(bytes);
    case Mode::kSkipPast:
      return StepSkipPast(bytes);
    case Mode::kGather:
      return StepGather(bytes);
  }
  return {};
}

std::string_view FormatParser::StepGather(std::string_view bytes) {
  const std::size_t count = std::min(expected_ - gathered_.size(), bytes.size());
  gathered_.append(bytes.substr(0, count));
  if (gathered_.size() == expected_) {
    const std::string piece = std::exchange(gathered_, {});
    Take(piece);
  }
  return bytes.substr(count);
}

std::string_view FormatParser::StepSkip(std::string_view bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
  skip_ -= count;
  if (skip_ == 0) Take({});
  return bytes.substr(count);
}

std::string_view FormatParser::StepSkipPast(std::string_view bytes) {
  const std::size_t found = bytes.find(skip_past_);
  if (found == std::string_view::npos) return {};
  Take({});
  return bytes.substr(found + 1);
}

absl::Status FormatParser::Check() const {
  if (problem_) return absl::InvalidArgumentError(*problem_);
  if (!ended_) return absl::InvalidArgumentError(Missing());
  return absl::OkStatus();
}

void FormatParser::Expect(std::size_t count) {
  mode_ = Mode::kGather;
  expected_ = std::clamp<std::size_t>(count, 1, kMaxPiece);
}

void FormatParser::Skip(std::uint64_t count) {
  mode_ = Mode::kSkip;
  skip_ = count;
}

void FormatParser::SkipPast(char byte) {
  mode_ = Mode::kSkipPast;
  skip_past_ = byte;
}

void FormatParser::Fail(std::string problem) {
  if (!problem_) problem_ = std::move(problem);
}

void FormatParser::SetDimensions(std::uint32_t width, std::uint32_t height) {
  constexpr auto kMax = static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max());
  if (width == 0 || height == 0 || width > kMax || height > kMax) {
    Fail(absl::StrCat("the header gives impossible dimensions, ", width, "x", height));
    return;
  }
  dimensions_ = {static_cast<std::int32_t>(width), static_cast<std::int32_t>(height)};
}

std::optional<Format> FormatOf(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x89PNG\r\n\x1a\n")) return Format::kPng;
  if (first_bytes.starts_with("\xff\xd8\xff")) return Format::kJpeg;
  if (first_bytes.starts_with("RIFF") && first_bytes.size() >= kSignatureBytes && first_bytes.substr(8, 4) == "WEBP") {
    return Format::kWebp;
  }
  return std::nullopt;
}

std::unique_ptr<FormatParser> MakeParser(Format format) {
  switch (format) {
    case Format::kPng:
      return std::make_unique<PngParser>();
    case Format::kJpeg:
      return std::make_unique<JpegParser>();
    case Format::kWebp:
      return std::make_unique<WebpParser>();
  }
  return nullptr;
}

namespace {
std::uint32_t At(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }
}  // namespace

std::uint32_t BigEndian16(std::string_view bytes) { return At(bytes, 0) << 8 | At(bytes, 1); }
std::uint32_t BigEndian32(std::string_view bytes) { return BigEndian16(bytes) << 16 | BigEndian16(bytes.substr(2)); }
std::uint32_t LittleEndian16(std::string_view bytes) { return At(bytes, 0) | At(bytes, 1) << 8; }
std::uint32_t LittleEndian24(std::string_view bytes) { return LittleEndian16(bytes) | At(bytes, 2) << 16; }
std::uint32_t LittleEndian32(std::string_view bytes) {
  return LittleEndian16(bytes) | LittleEndian16(bytes.substr(2)) << 16;
}

}  // namespace easel::imaging
