#include "imaging/webp_parser.h"

#include "absl/strings/str_cat.h"

namespace easel::imaging {
namespace {

constexpr std::uint32_t kRiffChunkHeaderBytes = 8;  // name, length

std::uint32_t HeaderBytes(std::string_view chunk) {
  if (chunk == "VP8 " || chunk == "VP8X") return 10;
  if (chunk == "VP8L") return 5;
  return 0;
}

}  // namespace

void WebpParser::Take(std::string_view piece) {
  switch (at_) {
    case At::kFileHeader:
      return TakeFileHeader(piece);
    case At::kChunkHeader:
      return TakeChunkHeader(piece);
    case At::kImageHeader:
      return TakeImageHeader(piece);
    case At::kChunkEnd:
      return ChunkDone();
  }
}

void WebpParser::TakeFileHeader(std::string_view piece) {
  const std::uint64_t size = LittleEndian32(piece.substr(4));
  if (size < 4 + kRiffChunkHeaderBytes) return Fail("the WebP is damaged: its RIFF size leaves no room for an image");
  file_left_ = size - 4;
  ChunkDone();
}

void WebpParser::ChunkDone() {
  if (file_left_ >= kRiffChunkHeaderBytes) {
    at_ = At::kChunkHeader;
    return Expect(kRiffChunkHeaderBytes);
  }
  if (file_left_ != 0 || !has_data_) return Fail("the WebP is damaged: it ends without image data");
  End();
}

void WebpParser::TakeChunkHeader(std::string_view piece) {
  const bool first = chunk_.empty();
  chunk_ = piece.substr(0, 4);
  const std::uint64_t length = LittleEndian32(piece.substr(4));
  file_left_ -= kRiffChunkHeaderBytes;
  chunk_left_ = length + length % 2;
  if (chunk_left_ > file_left_) return Fail("the WebP is damaged: a chunk is longer than the file");
  file_left_ -= chunk_left_;
  has_data_ = has_data_ || chunk_ == "VP8 " || chunk_ == "VP8L" || chunk_ == "ANMF";
  if (first) {
    const std::uint32_t header = HeaderBytes(chunk_);
    if (header == 0) return Fail("the WebP is damaged: its first chunk is no image");
    if (chunk_left_ < header) return Fail("the WebP is damaged: its image header is too short");
    at_ = At::kImageHeader;
    return Expect(header);
  }
  at_ = At::kChunkEnd;
  if (chunk_left_ == 0) return ChunkDone();
  Skip(chunk_left_);
}

void WebpParser::TakeImageHeader(std::string_view piece) {
  if (chunk_ == "VP8X") {
    SetDimensions(LittleEndian24(piece.substr(4)) + 1, LittleEndian24(piece.substr(7)) + 1);
  } else if (chunk_ == "VP8L") {
    if (piece[0] != 0x2f) return Fail("the WebP is damaged: its lossless data has no signature");
    const std::uint32_t bits = LittleEndian32(piece.substr(1));
    SetDimensions((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1);
  } else {
    if (piece.substr(3, 3) != "\x9d\x01\x2a") return Fail("the WebP is damaged: its lossy data has no start code");
    SetDimensions(LittleEndian16(piece.substr(6)) & 0x3fff, LittleEndian16(piece.substr(8)) & 0x3fff);
  }
  at_ = At::kChunkEnd;
  chunk_left_ -= piece.size();
  if (chunk_left_ == 0) return ChunkDone();
  Skip(chunk_left_);
}

std::string WebpParser::Missing() const {
  if (dimensions().width == 0) return "the WebP is cut: its bytes stop before its dimensions are named";
  return "the WebP is cut: its bytes stop before the size that its header names";
}

}  // namespace easel::imaging
