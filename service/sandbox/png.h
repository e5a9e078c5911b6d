#pragma once

#include <cstddef>
#include <string>

namespace easel::sandbox {

// Encodes 32-bit pixels in Cairo's RGB24 layout (native-endian xRGB), `stride` bytes a row, as an opaque 8-bit RGB PNG;
// quick rather than small. Empty if memory does not suffice.
std::string EncodePng(const unsigned char* pixels, int width, int height, std::size_t stride);

}  // namespace easel::sandbox
