#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "imaging/format_parser.h"

namespace easel::imaging {

// JPEG: SOI, segments of which one is the frame header (SOF: the dimensions), scans, and EOI. Knows baseline and
// progressive images; a thumbnail inside a segment is not mistaken for the image.
class JpegParser : public FormatParser {
 public:
  JpegParser() { Expect(2); }

 private:
  enum class At { kStart, kMarker, kMarkerFill, kLength, kFrame, kSegmentEnd, kScan, kScanMarker };

  void Take(std::string_view piece) override;
  std::string Missing() const override;
  void TakeMarker(std::uint32_t code);
  void TakeLength(std::uint32_t length);
  void TakeFrame(std::string_view piece);
  void ExpectMarker();
  void ScanOn();

  At at_ = At::kStart;
  std::uint32_t marker_ = 0;
  std::uint32_t segment_left_ = 0;
  bool has_scan_ = false;
};

}  // namespace easel::imaging
