#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imaging/format_parser.h"
#include "imaging/sha256.h"

namespace easel::imaging {

// What an image's bytes say about themselves.
struct ImageFacts {
  Format format = Format::kPng;
  // "image/png", "image/jpeg" or "image/webp".
  std::string content_type;
  // In pixels.
  std::int32_t width = 0;
  std::int32_t height = 0;
  // Of all bytes: 64 lower-case hexadecimal digits.
  std::string sha256;
  std::int64_t size_bytes = 0;
  // How many bytes follow the image's own end; decoders ignore them, so the image is whole all the same.
  std::int64_t trailing_bytes = 0;
};

// Says what an image is while its bytes pass by in pieces of any size. Memory is bounded by a few dozen bytes, whatever
// the image or an attacker sends; the pixels are not decoded. One thread at a time.
class ImageInspector {
 public:
  void Append(std::string_view bytes);

  std::int64_t size_bytes() const { return size_bytes_; }

  // Once, after the last byte. INVALID_ARGUMENT: the bytes are no image that is known here, or not a whole one; the
  // message says what is wrong, for people, with at most 24 printable characters of the bytes. INTERNAL: no sha256.
  absl::StatusOr<ImageFacts> Finish();

 private:
  absl::Status NotAnImage() const;

  Sha256 sha256_;
  std::int64_t size_bytes_ = 0;
  std::string first_bytes_;
  std::unique_ptr<FormatParser> parser_;
  Format format_ = Format::kPng;
};

// "image/png", "image/jpeg" or "image/webp".
std::string_view ContentType(Format format);

}  // namespace easel::imaging
