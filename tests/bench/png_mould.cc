#include "tests/bench/png_mould.h"

#include <zlib.h>

#include <array>

namespace easel::bench {
namespace {

constexpr std::size_t kChunkFrame = 12;
constexpr std::size_t kNumberBytes = 8;

void AppendBigEndian(std::uint64_t value, int bytes, std::string& to) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) to.push_back(static_cast<char>(value >> shift));
}

void AppendChunk(std::string_view type, std::string_view data, std::string& to) {
  AppendBigEndian(data.size(), 4, to);
  const std::size_t begin = to.size();
  to.append(type).append(data);
  const auto* summed = reinterpret_cast<const Bytef*>(to.data() + begin);
  AppendBigEndian(crc32(0, summed, static_cast<uInt>(to.size() - begin)), 4, to);
}

std::string Head(int width, int height) {
  std::string header;
  AppendBigEndian(static_cast<std::uint64_t>(width), 4, header);
  AppendBigEndian(static_cast<std::uint64_t>(height), 4, header);
  header.append({1, 0, 0, 0, 0});  // one bit of grey for each pixel
  std::string head = "\x89PNG\r\n\x1a\n";
  AppendChunk("IHDR", header, head);
  return head;
}

std::string Pixels(int width, int height) {
  const std::size_t row = 1 + (static_cast<std::size_t>(width) + 7) / 8;
  const std::string raw(row * static_cast<std::size_t>(height), '\0');
  uLongf size = compressBound(raw.size());
  std::string packed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(raw.data()), raw.size(), 9);
  packed.resize(size);
  return packed;
}

}  // namespace

std::int64_t PngMould::Shortest(int width, int height) {
  const std::size_t bytes = Head(width, height).size() + Pixels(width, height).size() + kNumberBytes + 4 * kChunkFrame;
  return static_cast<std::int64_t>(bytes);
}

PngMould::PngMould(int width, int height, std::int64_t bytes) : bytes_(bytes), head_(Head(width, height)) {
  // A private chunk that every reader skips, and no run of zeros, which some layer might treat kindly.
  std::string filling(static_cast<std::size_t>(bytes - Shortest(width, height)), '\0');
  std::uint32_t noise = 1;
  for (char& byte : filling) byte = static_cast<char>((noise = noise * 1664525U + 1013904223U) >> 24);
  AppendChunk("fiLl", filling, rest_);
  AppendChunk("IDAT", Pixels(width, height), rest_);
  AppendChunk("IEND", "", rest_);
}

void PngMould::AppendHead(std::uint64_t number, std::string& to) const {
  std::string digits;
  AppendBigEndian(number, kNumberBytes, digits);
  to.append(head_);
  AppendChunk("nuMb", digits, to);
}

}  // namespace easel::bench
