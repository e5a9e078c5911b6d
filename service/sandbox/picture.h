#pragma once

#include <string>

namespace easel::sandbox {

struct PictureSpec {
  std::string prompt;  // UTF-8, without directives
  std::string model;
  int width = 0;
  int height = 0;
};

// The typefaces of everything that is written in a picture, for Pango, the first that has a glyph.
inline constexpr const char* kTypeface = "Noto Sans CJK SC, Noto Sans, DejaVu Sans, Sans";

// A PNG of exactly that size, the same bytes for the same specification (on one machine: type depends on its fonts). A
// painted scene with the prompt's quoted text in its middle, or the beginning of the prompt if it quotes nothing, and the
// word SANDBOX in a corner. Takes some hundred milliseconds of CPU; safe on any thread. Empty if memory does not suffice.
std::string DrawPicture(const PictureSpec& spec);

}  // namespace easel::sandbox
