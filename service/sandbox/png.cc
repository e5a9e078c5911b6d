#include "sandbox/png.h"

#include <csetjmp>

#include <png.h>

namespace easel::sandbox {
namespace {

constexpr int kCompression = 1;

void Append(png_structp png, png_bytep data, png_size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
}

// Holds nothing with a destructor: libpng leaves it by longjmp.
bool Write(png_structp png, png_infop info, const unsigned char* pixels, int width, int height, std::size_t stride) {
  if (setjmp(png_jmpbuf(png))) return false;  // NOLINT: libpng's way to report errors
  png_set_compression_level(png, kCompression);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8, PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  png_set_bgr(png);
  png_set_filler(png, 0, PNG_FILLER_AFTER);
  for (int row = 0; row < height; ++row) png_write_row(png, pixels + static_cast<std::size_t>(row) * stride);
  png_write_end(png, nullptr);
  return true;
}

}  // namespace

std::string EncodePng(const unsigned char* pixels, int width, int height, std::size_t stride) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  bool whole = false;
  if (info != nullptr) {
    png_set_write_fn(png, &bytes, Append, nullptr);
    whole = Write(png, info, pixels, width, height, stride);
  }
  png_destroy_write_struct(&png, &info);
  return whole ? bytes : std::string();
}

}  // namespace easel::sandbox
