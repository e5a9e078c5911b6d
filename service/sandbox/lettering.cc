#include "sandbox/lettering.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

#include <pango/pangocairo.h>

#include "sandbox/picture.h"

namespace easel::sandbox {
namespace {

constexpr float kLineSpacing = 0.86F;  // the typeface's own is meant for running text

struct Unref {
  void operator()(PangoLayout* layout) const { g_object_unref(layout); }
};
using Layout = std::unique_ptr<PangoLayout, Unref>;

struct Extent {
  double x, y, width, height;
};

Layout MakeLayout(cairo_t* canvas, const std::string& text) {
  Layout layout(pango_cairo_create_layout(canvas));
  pango_context_set_language(pango_layout_get_context(layout.get()), pango_language_from_string("zh-cn"));
  pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
  return layout;
}

void SetType(PangoLayout* layout, double pixels, bool bold) {
  PangoFontDescription* type = pango_font_description_from_string(kTypeface);
  pango_font_description_set_weight(type, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size(type, pixels * PANGO_SCALE);
  pango_layout_set_font_description(layout, type);
  pango_font_description_free(type);
}

Extent Measure(PangoLayout* layout) {
  PangoRectangle logical;
  pango_layout_get_pixel_extents(layout, nullptr, &logical);
  return {static_cast<double>(logical.x), static_cast<double>(logical.y), static_cast<double>(logical.width),
          static_cast<double>(logical.height)};
}

void Fit(PangoLayout* layout, double width, double height, double largest, double smallest) {
  pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
  pango_layout_set_line_spacing(layout, kLineSpacing);
  pango_layout_set_width(layout, static_cast<int>(width * PANGO_SCALE));
  pango_layout_set_wrap(layout, PANGO_WRAP_WORD);
  for (double size = largest; size >= smallest; size *= 0.93) {
    SetType(layout, size, true);
    const Extent extent = Measure(layout);
    if (extent.width <= width && extent.height <= height) return;
  }
  SetType(layout, smallest, true);
  pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_height(layout, static_cast<int>(height * PANGO_SCALE));
  pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
}

void RoundedBox(cairo_t* canvas, double x, double y, double width, double height, double radius) {
  constexpr double kQuarter = std::numbers::pi / 2;
  cairo_new_path(canvas);
  cairo_arc(canvas, x + width - radius, y + radius, radius, -kQuarter, 0);
  cairo_arc(canvas, x + width - radius, y + height - radius, radius, 0, kQuarter);
  cairo_arc(canvas, x + radius, y + height - radius, radius, kQuarter, 2 * kQuarter);
  cairo_arc(canvas, x + radius, y + radius, radius, 2 * kQuarter, 3 * kQuarter);
  cairo_close_path(canvas);
}

void Show(cairo_t* canvas, PangoLayout* layout, double x, double y, double grey, double alpha) {
  cairo_set_source_rgba(canvas, grey, grey, grey, alpha);
  cairo_move_to(canvas, x, y);
  pango_cairo_show_layout(canvas, layout);
}

}  // namespace

void SetCentred(cairo_t* canvas, double width, double height, const std::string& text, double largest) {
  const double unit = std::min(width, height);
  const Layout layout = MakeLayout(canvas, text);
  Fit(layout.get(), width * 0.78, height * 0.60, largest, unit * 0.022);
  const Extent extent = Measure(layout.get());
  const double pad = unit * 0.045;
  const double left = std::round((width - extent.width) / 2);
  const double top = std::round((height - extent.height) / 2);
  RoundedBox(canvas, left - pad, top - pad * 0.7, extent.width + 2 * pad, extent.height + 1.4 * pad, pad * 0.7);
  cairo_set_source_rgba(canvas, 0, 0, 0, 0.30);
  cairo_fill_preserve(canvas);
  cairo_set_source_rgba(canvas, 1, 1, 1, 0.35);
  cairo_set_line_width(canvas, std::max(1.0, unit * 0.002));
  cairo_stroke(canvas);
  const double shadow = std::max(1.0, unit * 0.003);
  Show(canvas, layout.get(), left - extent.x + shadow, top - extent.y + shadow, 0, 0.45);
  Show(canvas, layout.get(), left - extent.x, top - extent.y, 1, 1);
}

void SetMarks(cairo_t* canvas, double width, double height, const std::string& note) {
  const double unit = std::min(width, height);
  const double margin = unit * 0.035;
  const Layout badge = MakeLayout(canvas, "SANDBOX");
  PangoAttrList* attributes = pango_attr_list_new();
  pango_attr_list_insert(attributes, pango_attr_letter_spacing_new(static_cast<int>(unit * 0.005 * PANGO_SCALE)));
  pango_layout_set_attributes(badge.get(), attributes);
  pango_attr_list_unref(attributes);
  SetType(badge.get(), unit * 0.034, true);
  const Extent extent = Measure(badge.get());
  const double pad = unit * 0.02;
  const double box_width = extent.width + 2 * pad;
  const double box_height = extent.height + pad * 0.5;
  const double left = width - margin - box_width;
  const double top = height - margin - box_height;
  RoundedBox(canvas, left, top, box_width, box_height, box_height / 2);
  cairo_set_source_rgba(canvas, 1, 1, 1, 0.88);
  cairo_fill(canvas);
  Show(canvas, badge.get(), left + pad, top + pad * 0.25, 0.12, 1);

  const Layout small = MakeLayout(canvas, note);
  SetType(small.get(), unit * 0.022, false);
  Show(canvas, small.get(), margin, height - margin - box_height / 2 - Measure(small.get()).height / 2, 1, 0.85);
}

}  // namespace easel::sandbox

#ifdef __SANITIZE_ADDRESS__
// Fontconfig keeps its tables until the process ends.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }
#endif
