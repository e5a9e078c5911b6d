#include "sandbox/painting.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace easel::sandbox {
namespace {

struct Colour {
  double red, green, blue;
};

// SplitMix64: the standard library's distributions differ between implementations.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  double Between(double low, double high) {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return low + (high - low) * (static_cast<double>(z >> 11) / 9007199254740992.0);
  }

 private:
  std::uint64_t state_;
};

Colour Hsl(double hue, double saturation, double lightness) {
  const auto channel = [&](double n) {
    const double k = std::fmod(n + hue / 30 + 24, 12);
    const double a = saturation * std::min(lightness, 1 - lightness);
    return lightness - a * std::max(-1.0, std::min({k - 3, 9 - k, 1.0}));
  };
  return {channel(0), channel(8), channel(4)};
}

void Use(cairo_t* canvas, const Colour& colour, double alpha = 1) {
  cairo_set_source_rgba(canvas, colour.red, colour.green, colour.blue, alpha);
}

void Stop(cairo_pattern_t* pattern, double at, const Colour& colour, double alpha = 1) {
  cairo_pattern_add_color_stop_rgba(pattern, at, colour.red, colour.green, colour.blue, alpha);
}

void Disc(cairo_t* canvas, double x, double y, double radius) {
  cairo_new_path(canvas);
  cairo_arc(canvas, x, y, radius, 0, 2 * std::numbers::pi);
}

void PaintSky(cairo_t* canvas, double width, double height, double hue, double lean) {
  cairo_pattern_t* sky = cairo_pattern_create_linear(0, 0, lean * width, height);
  Stop(sky, 0.0, Hsl(hue, 0.62, 0.27));
  Stop(sky, 0.45, Hsl(hue + 28, 0.58, 0.50));
  Stop(sky, 0.85, Hsl(hue + 62, 0.78, 0.77));
  cairo_set_source(canvas, sky);
  cairo_paint(canvas);
  cairo_pattern_destroy(sky);
}

void PaintSun(cairo_t* canvas, double x, double y, double radius, double hue) {
  cairo_pattern_t* glow = cairo_pattern_create_radial(x, y, radius * 0.8, x, y, radius * 3);
  Stop(glow, 0, Hsl(hue + 70, 0.95, 0.88), 0.55);
  Stop(glow, 1, Hsl(hue + 70, 0.95, 0.88), 0);
  cairo_set_source(canvas, glow);
  Disc(canvas, x, y, radius * 3);
  cairo_fill(canvas);
  cairo_pattern_destroy(glow);
  Use(canvas, Hsl(hue + 70, 0.95, 0.91), 0.95);
  Disc(canvas, x, y, radius);
  cairo_fill(canvas);
}

void PaintDiscs(cairo_t* canvas, double width, double height, double hue, Dice& dice) {
  const double unit = std::min(width, height);
  for (int i = 0; i < 14; ++i) {
    const double radius = unit * dice.Between(0.02, 0.17);
    const double x = dice.Between(0, width);
    const double y = dice.Between(0, height * 0.75);
    Use(canvas, Hsl(hue + dice.Between(-40, 80), 0.8, 0.8), dice.Between(0.05, 0.16));
    Disc(canvas, x, y, radius);
    cairo_fill_preserve(canvas);
    cairo_set_line_width(canvas, std::max(1.0, unit * 0.0015));
    Use(canvas, {1, 1, 1}, 0.16);
    cairo_stroke(canvas);
  }
}

// One ridge from edge to edge: three waves of different length laid over one another.
void PaintRidge(cairo_t* canvas, double width, double height, double base, double swell, Dice& dice) {
  const double first = dice.Between(0, 6.28), second = dice.Between(0, 6.28), third = dice.Between(0, 6.28);
  const double long_wave = dice.Between(1.1, 1.9), short_wave = dice.Between(2.8, 4.6);
  constexpr int kSteps = 160;
  cairo_new_path(canvas);
  cairo_move_to(canvas, 0, height);
  for (int i = 0; i <= kSteps; ++i) {
    const double along = static_cast<double>(i) / kSteps;
    const double wave = std::sin(along * 6.28 * long_wave + first) + 0.42 * std::sin(along * 6.28 * short_wave + second) +
                        0.12 * std::sin(along * 6.28 * short_wave * 2.7 + third);
    cairo_line_to(canvas, along * width, base - swell * wave);
  }
  cairo_line_to(canvas, width, height);
  cairo_close_path(canvas);
  cairo_fill(canvas);
}

void PaintHills(cairo_t* canvas, double width, double height, double hue, Dice& dice) {
  constexpr int kRidges = 5;
  for (int i = 0; i < kRidges; ++i) {
    const double depth = static_cast<double>(i) / (kRidges - 1);
    Use(canvas, Hsl(hue + 48 - 52 * depth, 0.42 + 0.12 * depth, 0.60 - 0.47 * depth), 0.94);
    PaintRidge(canvas, width, height, height * (0.66 + 0.28 * depth), height * (0.045 - 0.012 * depth), dice);
  }
}

}  // namespace

void PaintScene(cairo_t* canvas, double width, double height, std::uint64_t seed) {
  Dice dice(seed);
  const double hue = dice.Between(185, 395);  // blue over violet and red to amber
  PaintSky(canvas, width, height, hue, dice.Between(-0.5, 0.5));
  const double sun_x = width * dice.Between(0.15, 0.85);
  const double sun_y = height * dice.Between(0.10, 0.26);
  PaintSun(canvas, sun_x, sun_y, std::min(width, height) * dice.Between(0.07, 0.13), hue);
  PaintDiscs(canvas, width, height, hue, dice);
  PaintHills(canvas, width, height, hue, dice);
}

}  // namespace easel::sandbox
