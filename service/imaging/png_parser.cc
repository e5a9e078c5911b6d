#include "imaging/png_parser.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace easel::imaging {
namespace {

constexpr std::size_t kPngChunkHeaderBytes = 8;  // length, type
constexpr std::uint32_t kImageHeaderBytes = 13;
constexpr std::uint32_t kChecksumBytes = 4;
constexpr std::uint32_t kMaxChunkBytes = 0x7fffffff;

bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool IsBitDepth(char depth) { return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16; }

bool IsColorType(char type) { return type == 0 || type == 2 || type == 3 || type == 4 || type == 6; }

}  // namespace

void PngParser::Take(std::string_view piece) {
  switch (at_) {
    case At::kImageHeader:
      TakeImageHeader(piece);
      return;
    case At::kChunkHeader:
      TakeChunkHeader(piece);
      return;
    case At::kChunkEnd:
      if (chunk_ == "IEND") {
        End();
        return;
      }
      [[fallthrough]];
    case At::kSignature:
      at_ = At::kChunkHeader;
      Expect(kPngChunkHeaderBytes);
  }
}

void PngParser::TakeChunkHeader(std::string_view piece) {
  const std::uint32_t length = BigEndian32(piece);
  const std::string_view type = piece.substr(4);
  if (length > kMaxChunkBytes || !std::all_of(type.begin(), type.end(), IsLetter)) {
    Fail(absl::StrCat("the PNG is damaged: no chunk begins where the chunk ", chunk_, " ends"));
    return;
  }
  const bool first = chunk_ == "signature";
  chunk_ = type;
  if (first != (type == "IHDR") || (first && length != kImageHeaderBytes)) {
    Fail("the PNG is damaged: IHDR must be its first chunk, once, with 13 bytes");
  } else if (first) {
    at_ = At::kImageHeader;
    Expect(kImageHeaderBytes);
  } else if (type == "IEND" && (length != 0 || !has_data_)) {
    Fail("the PNG is damaged: it ends without image data");
  } else {
    has_data_ = has_data_ || (type == "IDAT" && length > 0);
    at_ = At::kChunkEnd;
    Skip(std::uint64_t{length} + kChecksumBytes);
  }
}

void PngParser::TakeImageHeader(std::string_view piece) {
  SetDimensions(BigEndian32(piece), BigEndian32(piece.substr(4)));
  if (!IsBitDepth(piece[8]) || !IsColorType(piece[9])) Fail("the PNG is damaged: its IHDR names no known pixel format");
  at_ = At::kChunkEnd;
  Skip(kChecksumBytes);
}

std::string PngParser::Missing() const {
  return absl::StrCat("the PNG is cut: its bytes stop at the chunk ", chunk_, ", before the end of IEND");
}

}  // namespace easel::imaging
