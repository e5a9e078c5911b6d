#include "sandbox/picture.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include <cairo.h>
#include <pango/pangocairo.h>

#include "gtest/gtest.h"
#include "sandbox/lettering.h"
#include "tests/unit/sandbox/png_file.h"

namespace easel::sandbox {
namespace {

PngFile Draw(const std::string& prompt, int width, int height) { return PngFile(DrawPicture({prompt, "glm-image", width, height})); }

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Canvas = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

Surface Blank(int side) { return Surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side), cairo_surface_destroy); }

// The pixels of `text` on black.
std::string Lettered(const std::string& text) {
  const Surface surface = Blank(256);
  const Canvas canvas(cairo_create(surface.get()), cairo_destroy);
  SetCentred(canvas.get(), 256, 256, text, 100);
  cairo_surface_flush(surface.get());
  return std::string(reinterpret_cast<const char*>(cairo_image_surface_get_data(surface.get())), 256 * 256 * 4);
}

TEST(PictureTest, HasExactlyTheSizeAskedFor) {
  for (const auto& [width, height] : {std::pair{512, 512}, {1728, 960}, {720, 1440}, {2048, 2048}}) {
    const PngFile png = Draw("a poster \"Hello\"", width, height);
    EXPECT_EQ(png.width, width);
    EXPECT_EQ(png.height, height);
  }
}

TEST(PictureTest, IsTheSameBytesForTheSameSpecificationOnAnyThread) {
  const PictureSpec spec{"a “sign” in the rain", "glm-image", 512, 512};
  const std::string here = DrawPicture(spec);
  std::string there;
  std::thread([&] { there = DrawPicture(spec); }).join();
  EXPECT_FALSE(here.empty());
  EXPECT_EQ(here, there);
}

TEST(PictureTest, DiffersByPromptAndModel) {
  const std::string one = DrawPicture({"a cat", "glm-image", 512, 512});
  EXPECT_NE(one, DrawPicture({"a dog", "glm-image", 512, 512}));
  EXPECT_NE(one, DrawPicture({"a cat", "cogview-4-250304", 512, 512}));
}

TEST(PictureTest, IsAPictureAndNotAPlainField) {
  const PngFile png = Draw("anything", 512, 512);
  std::vector<bool> reds(256), blues(256);
  for (std::size_t i = 0; i + 2 < png.rgb.size(); i += 3) reds[png.rgb[i]] = blues[png.rgb[i + 2]] = true;
  EXPECT_GT(std::count(reds.begin(), reds.end(), true), 60);
  EXPECT_GT(std::count(blues.begin(), blues.end(), true), 60);
}

TEST(PictureTest, SetsQuotedTextLarge) {
  // White letters cover a good part of the middle only when there is something to set.
  const auto white = [](const PngFile& png) {
    int count = 0;
    for (int y = png.height * 3 / 10; y < png.height * 7 / 10; ++y) {
      for (int x = 0; x < png.width; ++x) {
        const auto at = static_cast<std::size_t>((y * png.width + x) * 3);
        if (png.rgb[at] > 250 && png.rgb[at + 1] > 250 && png.rgb[at + 2] > 250) ++count;
      }
    }
    return static_cast<double>(count) / (png.width * png.height);
  };
  EXPECT_GT(white(Draw("the words “春节快乐” on silk", 512, 512)), 0.01);
  EXPECT_GT(white(Draw("the words \"GRAND OPENING\" on silk", 512, 512)), 0.01);
  EXPECT_LT(white(Draw(" ", 512, 512)), 0.01);
}

TEST(PictureTest, SaysSandboxAtTheBottomRight) {
  // The badge: nearly white, with dark letters in it.
  const PngFile png = Draw("x", 1024, 1024);
  int light = 0, dark = 0;
  for (int y = 940; y < 985; ++y) {
    for (int x = 830; x < 985; ++x) {
      const int red = png.rgb[static_cast<std::size_t>((y * png.width + x) * 3)];
      light += red > 200 ? 1 : 0;
      dark += red < 90 ? 1 : 0;
    }
  }
  EXPECT_GT(light, 2000);
  EXPECT_GT(dark, 500);
}

TEST(PictureTest, ItsTypefacesHaveTheGlyphs) {
  const Surface surface = Blank(64);
  const Canvas canvas(cairo_create(surface.get()), cairo_destroy);
  const std::unique_ptr<PangoLayout, decltype(&g_object_unref)> layout(pango_cairo_create_layout(canvas.get()), g_object_unref);
  PangoFontDescription* type = pango_font_description_from_string(kTypeface);
  pango_layout_set_font_description(layout.get(), type);
  pango_font_description_free(type);
  for (const char* text : {"SANDBOX", "Été à Zürich", "春节快乐，阖家幸福", "繁體中文", "ねこ カタカナ", "한국어", "Привет"}) {
    pango_layout_set_text(layout.get(), text, -1);
    EXPECT_EQ(pango_layout_get_unknown_glyphs_count(layout.get()), 0) << text;
  }
}

TEST(PictureTest, SurvivesTextOfAnyLengthAndKind) {
  std::string endless;
  for (int i = 0; i < 3000; ++i) endless += "很长的文字";
  for (const std::string& prompt :
       {std::string(), endless, "\"" + std::string(299, 'W') + "\"", std::string("a\nb\tc\x01 \"\n\"")}) {
    const PngFile png = Draw(prompt, 512, 1024);
    EXPECT_EQ(png.height, 1024);
  }
}

TEST(PictureTest, DifferentCharactersAreSetDifferently) {
  EXPECT_NE(Lettered("猫"), Lettered("狗"));
  EXPECT_NE(Lettered("猫"), Lettered("描"));
  EXPECT_EQ(Lettered("猫"), Lettered("猫"));
}

}  // namespace
}  // namespace easel::sandbox
