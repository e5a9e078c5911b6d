#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "imaging/format_parser.h"

namespace easel::imaging {

// PNG: the signature, chunks of which IHDR is the first, image data, and IEND. Checksums are not verified.
class PngParser : public FormatParser {
 public:
  PngParser() { Expect(8); }

 private:
  enum class At { kSignature, kChunkHeader, kImageHeader, kChunkEnd };

  void Take(std::string_view piece) override;
  std::string Missing() const override;
  void TakeChunkHeader(std::string_view piece);
  void TakeImageHeader(std::string_view piece);

  At at_ = At::kSignature;
  std::string chunk_ = "signature";
  bool has_data_ = false;
};

}  // namespace easel::imaging
