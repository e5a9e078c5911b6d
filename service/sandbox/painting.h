#pragma once

#include <cstdint>

#include <cairo.h>

namespace easel::sandbox {

// Fills the canvas with a landscape of sky, sun, drifting discs and hills; colours and shapes follow from the seed alone.
void PaintScene(cairo_t* canvas, double width, double height, std::uint64_t seed);

}  // namespace easel::sandbox
