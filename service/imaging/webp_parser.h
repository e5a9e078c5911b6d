#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "imaging/format_parser.h"

namespace easel::imaging {

// WebP: a RIFF file whose size is the bytes' own, with chunks VP8 (lossy), VP8L (lossless) or VP8X (extended: the
// canvas, then image data).
class WebpParser : public FormatParser {
 public:
  WebpParser() { Expect(kSignatureBytes); }

 private:
  enum class At { kFileHeader, kChunkHeader, kImageHeader, kChunkEnd };

  void Take(std::string_view piece) override;
  std::string Missing() const override;
  void TakeFileHeader(std::string_view piece);
  void TakeChunkHeader(std::string_view piece);
  void TakeImageHeader(std::string_view piece);
  void ChunkDone();

  At at_ = At::kFileHeader;
  std::string chunk_;
  std::uint64_t file_left_ = 0;
  std::uint64_t chunk_left_ = 0;
  bool has_data_ = false;
};

}  // namespace easel::imaging
