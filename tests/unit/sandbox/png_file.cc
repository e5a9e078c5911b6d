#include "tests/unit/sandbox/png_file.h"

#include <png.h>

namespace easel::sandbox {

PngFile::PngFile(const std::string& bytes) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) return;
  image.format = PNG_FORMAT_RGB;
  rgb.resize(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, rgb.data(), 0, nullptr) == 0) return;
  width = static_cast<int>(image.width);
  height = static_cast<int>(image.height);
}

}  // namespace easel::sandbox
