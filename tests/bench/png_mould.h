#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace easel::bench {

// PNG images of one size and one length in bytes, no two of them alike: a number is written into a chunk of its own near the
// beginning, and everything behind that chunk is shared.
class PngMould {
 public:
  // The shortest PNG of that size; `bytes` may not be less.
  static std::int64_t Shortest(int width, int height);

  PngMould(int width, int height, std::int64_t bytes);

  // Appends the first bytes of image `number`.
  void AppendHead(std::uint64_t number, std::string& to) const;
  // The bytes after them, the same for every number.
  std::string_view rest() const { return rest_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  std::int64_t bytes_;
  // Signature and IHDR.
  std::string head_;
  std::string rest_;
};

}  // namespace easel::bench
