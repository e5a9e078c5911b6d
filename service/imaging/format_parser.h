#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace easel::imaging {

enum class Format { kPng, kJpeg, kWebp };

// In pixels. Zero: not known yet.
struct Dimensions {
  std::int32_t width = 0;
  std::int32_t height = 0;
};

// Follows the structure of one image format through its bytes. Never fails on input: what is wrong is kept until it is
// asked for. Holds no more than a header's bytes, whatever the input says. One thread at a time.
class FormatParser {
 public:
  virtual ~FormatParser() = default;

  // The next bytes, in pieces of any size, from the image's first byte on.
  void Append(std::string_view bytes);

  // OK when all that belongs to an image has been seen; else what is wrong or missing (INVALID_ARGUMENT).
  absl::Status Check() const;

  Dimensions dimensions() const { return dimensions_; }

  // Bytes that follow the image's own end. Decoders ignore them.
  std::int64_t trailing_bytes() const { return trailing_bytes_; }

 protected:
  // Takes the piece that was asked for, and asks for the next one. After Skip and SkipPast, `piece` is empty.
  virtual void Take(std::string_view piece) = 0;
  // What the image still lacks when its bytes stop here; for people.
  virtual std::string Missing() const = 0;

  // What the next call of Take gets: exactly `count` bytes (at most kMaxPiece).
  void Expect(std::size_t count);
  // Lets `count` bytes pass before the next call of Take.
  void Skip(std::uint64_t count);
  // Lets bytes pass up to and including the next `byte`.
  void SkipPast(char byte);
  // Nothing more belongs to the image.
  void End() { ended_ = true; }
  void Fail(std::string problem);
  // Dimensions must be positive; they are what the header says.
  void SetDimensions(std::uint32_t width, std::uint32_t height);

  static constexpr std::size_t kMaxPiece = 32;

 private:
  enum class Mode { kGather, kSkip, kSkipPast };

  // Each takes some of the bytes and returns those that are left.
  std::string_view Step(std::string_view bytes);
  std::string_view StepGather(std::string_view bytes);
  std::string_view StepSkip(std::string_view bytes);
  std::string_view StepSkipPast(std::string_view bytes);

  Mode mode_ = Mode::kGather;
  std::string gathered_;
  std::size_t expected_ = 1;
  std::uint64_t skip_ = 0;
  char skip_past_ = 0;
  bool ended_ = false;
  std::optional<std::string> problem_;
  Dimensions dimensions_;
  std::int64_t trailing_bytes_ = 0;
};

// How many first bytes FormatOf needs.
inline constexpr std::size_t kSignatureBytes = 12;

// What the first bytes say, if anything.
std::optional<Format> FormatOf(std::string_view first_bytes);

std::unique_ptr<FormatParser> MakeParser(Format format);

// Numbers as they stand in a file; `bytes` must be long enough.
std::uint32_t BigEndian16(std::string_view bytes);
std::uint32_t BigEndian32(std::string_view bytes);
std::uint32_t LittleEndian16(std::string_view bytes);
std::uint32_t LittleEndian24(std::string_view bytes);
std::uint32_t LittleEndian32(std::string_view bytes);

}  // namespace easel::imaging
