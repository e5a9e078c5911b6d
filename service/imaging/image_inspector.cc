#include "imaging/image_inspector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace easel::imaging {
namespace {

constexpr std::size_t kShownBytes = 24;
static_assert(kShownBytes >= kSignatureBytes);

std::string Printable(std::string_view bytes) {
  std::string shown(bytes.substr(0, kShownBytes));
  const auto is_hidden = [](char c) { return !absl::ascii_isprint(static_cast<unsigned char>(c)); };
  std::replace_if(shown.begin(), shown.end(), is_hidden, '.');
  return shown;
}

}  // namespace

void ImageInspector::Append(std::string_view bytes) {
  sha256_.Append(bytes);
  size_bytes_ += static_cast<std::int64_t>(bytes.size());
  if (!parser_ && first_bytes_.size() < kShownBytes) {
    const std::size_t count = std::min(kShownBytes - first_bytes_.size(), bytes.size());
    first_bytes_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    const std::optional<Format> format = FormatOf(first_bytes_);
    if (!format) return;
    format_ = *format;
    parser_ = MakeParser(format_);
    parser_->Append(first_bytes_);
  }
  if (parser_) parser_->Append(bytes);
}

absl::StatusOr<ImageFacts> ImageInspector::Finish() {
  if (!parser_) return NotAnImage();
  if (absl::Status whole = parser_->Check(); !whole.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(whole.message(),
                                                   " (", size_bytes_, " bytes came)"));
  }
  absl::StatusOr<std::string> digest = sha256_.Finish();
  if (!digest.ok()) return digest.status();
  const Dimensions dimensions = parser_->dimensions();
  return ImageFacts{.format = format_,
                    .content_type = std::string(ContentType(format_)),
                    .width = dimensions.width,
                    .height = dimensions.height,
                    .sha256 = *std::move(digest),
                    .size_bytes = size_bytes_,
                    .trailing_bytes = parser_->trailing_bytes()};
}

absl::Status ImageInspector::NotAnImage() const {
  if (size_bytes_ == 0) return absl::InvalidArgumentError("not an image: there are no bytes");
  return absl::InvalidArgumentError(absl::StrCat("not a PNG, JPEG or WebP image: ", size_bytes_,
                                                 " bytes that begin with '", Printable(first_bytes_), "'"));
}

std::string_view ContentType(Format format) {
  switch (format) {
    case Format::kPng:
      return "image/png";
    case Format::kJpeg:
      return "image/jpeg";
    case Format::kWebp:
      return "image/webp";
  }
  return "application/octet-stream";
}

}  // namespace easel::imaging
