#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace easel::sandbox {

// A decoded PNG; `width` is 0 if the bytes were none.
struct PngFile {
  explicit PngFile(const std::string& bytes);
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;
};

}  // namespace easel::sandbox
