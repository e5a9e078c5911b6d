#include "imaging/jpeg_parser.h"

namespace easel::imaging {
namespace {

constexpr std::uint32_t kFill = 0xff;
constexpr std::uint32_t kEndOfImage = 0xd9;
constexpr std::uint32_t kStartOfScan = 0xda;
constexpr std::uint32_t kFrameBytes = 5;  // precision, height, width

bool IsFrame(std::uint32_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

bool IsRestart(std::uint32_t marker) { return marker >= 0xd0 && marker <= 0xd7; }

std::uint32_t Byte(std::string_view piece, std::size_t i) { return static_cast<unsigned char>(piece[i]); }

}  // namespace

void JpegParser::Take(std::string_view piece) {
  switch (at_) {
    case At::kStart:
      return ExpectMarker();
    case At::kMarker:
      if (Byte(piece, 0) != kFill) return Fail("the JPEG is damaged: no marker follows where a segment ends");
      return TakeMarker(Byte(piece, 1));
    case At::kMarkerFill:
      return TakeMarker(Byte(piece, 0));
    case At::kLength:
      return TakeLength(BigEndian16(piece));
    case At::kFrame:
      return TakeFrame(piece);
    case At::kSegmentEnd:
      if (marker_ == kStartOfScan) return ScanOn();
      return ExpectMarker();
    case At::kScan:
      at_ = At::kScanMarker;
      return Expect(1);
    case At::kScanMarker:
      // Inside a scan, ff 00 is a byte of data.
      if (Byte(piece, 0) == 0 || IsRestart(Byte(piece, 0))) return ScanOn();
      if (Byte(piece, 0) == kFill) return Expect(1);
      return TakeMarker(Byte(piece, 0));
  }
}

void JpegParser::TakeMarker(std::uint32_t code) {
  marker_ = code;
  if (code == kFill) {
    at_ = At::kMarkerFill;
    Expect(1);
  } else if (code == kEndOfImage) {
    if (!has_scan_) return Fail("the JPEG is damaged: it ends without image data");
    End();
  } else if (code == 0x01) {
    ExpectMarker();
  } else if (code < 0xc0 || IsRestart(code) || code == 0xd8) {
    Fail("the JPEG is damaged: a marker stands where none may stand");
  } else {
    at_ = At::kLength;
    Expect(2);
  }
}

void JpegParser::TakeLength(std::uint32_t length) {
  if (length < 2) return Fail("the JPEG is damaged: a segment is shorter than its own length field");
  segment_left_ = length - 2;
  if (IsFrame(marker_)) {
    if (segment_left_ < kFrameBytes) return Fail("the JPEG is damaged: its frame header is too short");
    at_ = At::kFrame;
    return Expect(kFrameBytes);
  }
  if (marker_ == kStartOfScan) {
    if (dimensions().width == 0) return Fail("the JPEG is damaged: image data comes before its dimensions");
    has_scan_ = true;
  }
  at_ = At::kSegmentEnd;
  Skip(segment_left_);
}

void JpegParser::TakeFrame(std::string_view piece) {
  SetDimensions(BigEndian16(piece.substr(3)), BigEndian16(piece.substr(1)));
  at_ = At::kSegmentEnd;
  Skip(segment_left_ - kFrameBytes);
}

void JpegParser::ExpectMarker() {
  at_ = At::kMarker;
  Expect(2);
}

void JpegParser::ScanOn() {
  at_ = At::kScan;
  SkipPast('\xff');
}

std::string JpegParser::Missing() const {
  if (dimensions().width == 0) return "the JPEG is cut: its bytes stop before its dimensions are named";
  return "the JPEG is cut: its bytes stop before its end marker";
}

}  // namespace easel::imaging
