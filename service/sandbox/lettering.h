#pragma once

#include <string>

#include <cairo.h>

namespace easel::sandbox {

// Sets `text` in the middle of the canvas on a veil: as large as fits and as `largest` (pixels) allows, wrapped and centred.
// Text that would become too small to read is cut off with an ellipsis.
void SetCentred(cairo_t* canvas, double width, double height, const std::string& text, double largest);

// The word SANDBOX on a badge at the bottom right, `note` small at the bottom left.
void SetMarks(cairo_t* canvas, double width, double height, const std::string& note);

}  // namespace easel::sandbox
