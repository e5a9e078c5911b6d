#include "cli/text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace easel::cli {
namespace {

bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The length of the character that begins at `at`.
size_t CharacterLength(const std::string& text, size_t at) {
  size_t length = 1;
  while (at + length < text.size() && length < 4 && Continues(text[at + length])) ++length;
  return length;
}

char32_t CodePoint(const std::string& text, size_t at, size_t length) {
  static constexpr unsigned kMasks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t point = static_cast<unsigned char>(text[at]) & kMasks[length];
  for (size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
  return point;
}

// East Asian wide characters and emoji.
bool IsWide(char32_t point) {
  static constexpr char32_t kRanges[][2] = {{0x1100, 0x115F},   {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                                            {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                            {0xFFE0, 0xFFE6},   {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [point](const char32_t(&range)[2]) { return point >= range[0] && point <= range[1]; });
}

int WidthAt(const std::string& text, size_t at, size_t length) { return IsWide(CodePoint(text, at, length)) ? 2 : 1; }

}  // namespace

std::string Money(int64_t micros, const std::string& currency) {
  std::string amount = absl::StrFormat("%.6f", static_cast<double>(micros) / 1e6);
  const size_t shortest = amount.find('.') + 3;
  while (amount.size() > shortest && amount.back() == '0') amount.pop_back();
  return currency == "USD" ? "$" + amount : amount + " " + currency;
}

std::string ChargeText(const v1::Charge& charge) {
  switch (charge.state()) {
    case v1::CHARGE_STATE_NONE:
      return "free";
    case v1::CHARGE_STATE_MADE:
      return Money(charge.cost_micros(), charge.currency());
    case v1::CHARGE_STATE_UNKNOWN:
      return "perhaps " + Money(charge.cost_micros(), charge.currency());
    default:
      return "";
  }
}

std::string Bytes(int64_t count) {
  if (count < 1000) return absl::StrCat(count, " bytes");
  if (count < 1000000) return absl::StrFormat("%.0f kB", static_cast<double>(count) / 1e3);
  return absl::StrFormat("%.1f MB", static_cast<double>(count) / 1e6);
}

std::string Time(absl::Duration duration) {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(duration));
  if (seconds < 9.95) return absl::StrFormat("%.1f s", seconds);
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 60) return absl::StrCat(whole, " s");
  return absl::StrFormat("%d min %02d s", whole / 60, whole % 60);
}

std::string SizeText(const v1::Size& size) {
  return size.width() == 0 ? "" : absl::StrCat(size.width(), "x", size.height());
}

std::string StateText(v1::GenerationState state) {
  const std::string name = v1::GenerationState_Name(state);
  if (name.empty()) return absl::StrCat("state ", static_cast<int>(state));
  return absl::AsciiStrToLower(name.substr(sizeof("GENERATION_STATE_") - 1));
}

std::string QualityText(v1::Quality quality) {
  const std::string name = v1::Quality_Name(quality);
  if (name.empty() || quality == v1::QUALITY_UNSPECIFIED) return "";
  return absl::AsciiStrToLower(name.substr(sizeof("QUALITY_") - 1));
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::string Moment(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M", TimeOf(time), absl::LocalTimeZone());
}

std::string Printable(const std::string& text) {
  std::string printable;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharacterLength(text, at);
    const char32_t point = CodePoint(text, at, length);
    const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
    printable += control ? " " : text.substr(at, length);
    at += length;
  }
  return printable;
}

int Columns(const std::string& text) {
  int columns = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharacterLength(text, at);
    columns += WidthAt(text, at, length);
    at += length;
  }
  return columns;
}

std::string Cut(const std::string& text, int columns) {
  if (Columns(text) <= columns) return text;
  if (columns < 2) return "";
  std::string cut;
  int taken = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharacterLength(text, at);
    taken += WidthAt(text, at, length);
    if (taken > columns - 2) break;
    cut += text.substr(at, length);
    at += length;
  }
  return cut + "..";
}

}  // namespace easel::cli
