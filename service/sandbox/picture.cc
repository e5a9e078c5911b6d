#include "sandbox/picture.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <cairo.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sandbox/digest.h"
#include "sandbox/lettering.h"
#include "sandbox/painting.h"
#include "sandbox/png.h"
#include "sandbox/quoted_text.h"

namespace easel::sandbox {
namespace {

constexpr std::size_t kCaptionLength = 110;
constexpr double kLargestQuotation = 0.16;  // of the shorter side
constexpr double kLargestCaption = 0.055;

struct DestroySurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct DestroyCanvas {
  void operator()(cairo_t* canvas) const { cairo_destroy(canvas); }
};

}  // namespace

std::string DrawPicture(const PictureSpec& spec) {
  const std::unique_ptr<cairo_surface_t, DestroySurface> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, spec.width, spec.height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) return "";
  const std::unique_ptr<cairo_t, DestroyCanvas> canvas(cairo_create(surface.get()));
  const std::string size = absl::StrCat(spec.width, "×", spec.height);
  PaintScene(canvas.get(), spec.width, spec.height, Seed(absl::StrCat(spec.model, "\n", size, "\n", spec.prompt)));

  const std::vector<std::string> quoted = QuotedTexts(spec.prompt);
  const std::string text = quoted.empty() ? Excerpt(spec.prompt, kCaptionLength) : absl::StrJoin(quoted, "\n");
  const double largest = (quoted.empty() ? kLargestCaption : kLargestQuotation) * std::min(spec.width, spec.height);
  if (!text.empty()) SetCentred(canvas.get(), spec.width, spec.height, text, largest);
  SetMarks(canvas.get(), spec.width, spec.height, absl::StrCat(spec.model, "  ", size));

  cairo_surface_flush(surface.get());
  return EncodePng(cairo_image_surface_get_data(surface.get()), spec.width, spec.height,
                   static_cast<std::size_t>(cairo_image_surface_get_stride(surface.get())));
}

}  // namespace easel::sandbox
