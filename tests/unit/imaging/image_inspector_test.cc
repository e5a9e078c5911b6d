#include "imaging/image_inspector.h"

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace easel::imaging {
namespace {

using ::testing::HasSubstr;

// Every sample shows 48x32 pixels.
std::string Sample(const std::string& name) {
  std::ifstream file(SAMPLES + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::StatusOr<ImageFacts> Inspect(std::string_view bytes, std::size_t piece = std::string_view::npos) {
  ImageInspector inspector;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) inspector.Append(bytes.substr(0, piece));
  return inspector.Finish();
}

std::string Problem(std::string_view bytes) {
  const absl::StatusOr<ImageFacts> facts = Inspect(bytes);
  return facts.ok() ? "none" : std::string(facts.status().message());
}

void Put16(std::string& bytes, std::size_t at, unsigned value) {
  bytes[at] = static_cast<char>(value >> 8);
  bytes[at + 1] = static_cast<char>(value);
}

struct Case {
  std::string file;
  Format format;
  std::string content_type;
};

class EverySample : public testing::TestWithParam<Case> {};

TEST_P(EverySample, IsDescribedWhateverThePieces) {
  const std::string bytes = Sample(GetParam().file);
  const absl::StatusOr<ImageFacts> whole = Inspect(bytes);
  ASSERT_TRUE(whole.ok()) << whole.status();
  for (std::size_t piece : {1, 2, 3, 5, 7, 12, 13, 64, 1000}) {
    const absl::StatusOr<ImageFacts> facts = Inspect(bytes, piece);
    ASSERT_TRUE(facts.ok()) << facts.status() << " in pieces of " << piece;
    EXPECT_EQ(facts->format, GetParam().format);
    EXPECT_EQ(facts->content_type, GetParam().content_type);
    EXPECT_EQ(facts->width, 48);
    EXPECT_EQ(facts->height, 32);
    EXPECT_EQ(facts->size_bytes, static_cast<std::int64_t>(bytes.size()));
    EXPECT_EQ(facts->trailing_bytes, 0);
    EXPECT_EQ(facts->sha256, whole->sha256);
  }
}

TEST_P(EverySample, CutAnywhereIsNotWhole) {
  const std::string bytes = Sample(GetParam().file);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const absl::StatusOr<ImageFacts> facts = Inspect(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(facts.ok()) << "cut after " << size << " bytes";
    EXPECT_EQ(facts.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_P(EverySample, BytesAfterItsEndAreCountedAndForgiven) {
  const absl::StatusOr<ImageFacts> facts = Inspect(Sample(GetParam().file) + "tail");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->trailing_bytes, 4);
}

TEST_P(EverySample, SurvivesDamage) {
  std::mt19937 random(7);
  const std::string bytes = Sample(GetParam().file);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = bytes;
    for (unsigned i = 0; i <= random() % 4; ++i) {
      const std::size_t reach = random() % 2 == 0 ? 40 : damaged.size();
      damaged[random() % std::min(reach, damaged.size())] = static_cast<char>(random());
    }
    const absl::StatusOr<ImageFacts> facts = Inspect(damaged, 1 + random() % 100);
    if (facts.ok()) {
      EXPECT_GT(facts->width, 0);
      EXPECT_GT(facts->height, 0);
    } else {
      EXPECT_LT(facts.status().message().size(), 200u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EverySample,
                         testing::Values(Case{"rgb.png", Format::kPng, "image/png"},
                                         Case{"baseline.jpg", Format::kJpeg, "image/jpeg"},
                                         Case{"progressive.jpg", Format::kJpeg, "image/jpeg"},
                                         Case{"lossy.webp", Format::kWebp, "image/webp"},
                                         Case{"lossless.webp", Format::kWebp, "image/webp"},
                                         Case{"alpha.webp", Format::kWebp, "image/webp"}),
                         [](const auto& test) {
                           std::string name = test.param.file;
                           name[name.find('.')] = '_';
                           return name;
                         });

TEST(ImageInspector, TakesTheDigestOfAllBytes) {
  EXPECT_EQ(Inspect(Sample("rgb.png"))->sha256, "24779f2f7d1ee1f9977dfc8d5d712265bde425f16d5fc7945f8fa39b9b6cefbf");
}

TEST(ImageInspector, SaysWhatAPageBeginsWith) {
  EXPECT_EQ(Problem("<!DOCTYPE html><html><body>Not here, and not anywhere"),
            "not a PNG, JPEG or WebP image: 53 bytes that begin with '<!DOCTYPE html><html><bo'");
}

TEST(ImageInspector, ShowsOnlyPrintableBytes) {
  EXPECT_EQ(Problem(std::string_view("\0\x1b[31m\xe5\x9b\xbe", 9)),
            "not a PNG, JPEG or WebP image: 9 bytes that begin with '..[31m...'");
}

TEST(ImageInspector, SaysThatThereIsNothing) { EXPECT_THAT(Problem(""), HasSubstr("there are no bytes")); }

TEST(ImageInspector, RefusesOtherFormats) {
  EXPECT_THAT(Problem("GIF89a\x01\x01"), HasSubstr("not a PNG, JPEG or WebP image"));
  EXPECT_THAT(Problem("RIFF\x10\x0\x0\x0WAVEfmt "), HasSubstr("not a PNG, JPEG or WebP image"));
}

TEST(ImageInspector, PngNeedsItsHeaderFirst) {
  std::string png = Sample("rgb.png");
  png.erase(8, 25);
  EXPECT_THAT(Problem(png), HasSubstr("IHDR must be its first chunk"));
}

TEST(ImageInspector, PngNeedsImageData) {
  const std::string png = Sample("rgb.png");
  EXPECT_THAT(Problem(png.substr(0, 33) + png.substr(png.size() - 12)), HasSubstr("ends without image data"));
}

TEST(ImageInspector, PngOfImpossibleSizeIsRefused) {
  std::string png = Sample("rgb.png");
  png[16] = '\xff';
  EXPECT_THAT(Problem(png), HasSubstr("impossible dimensions, 4278190128x32"));
  png = Sample("rgb.png");
  png[23] = 0;
  EXPECT_THAT(Problem(png), HasSubstr("impossible dimensions, 48x0"));
}

TEST(ImageInspector, PngWithAnEndlessChunkIsRefused) {
  std::string png = Sample("rgb.png");
  png[33] = '\x80';
  EXPECT_THAT(Problem(png), HasSubstr("no chunk begins"));
}

TEST(ImageInspector, JpegThumbnailIsNotTheImage) {
  const std::string thumbnail = Sample("progressive.jpg");
  std::string segment("\xff\xe1\0\0", 4);
  Put16(segment, 2, static_cast<unsigned>(thumbnail.size() + 2));
  const std::string jpeg = Sample("baseline.jpg");
  std::string with = jpeg.substr(0, 2) + segment + thumbnail + jpeg.substr(2);
  with[with.find("\xff\xc2") + 6] = 1;  // the thumbnail's height
  const absl::StatusOr<ImageFacts> facts = Inspect(with);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->height, 32);
  EXPECT_EQ(facts->trailing_bytes, 0);
}

TEST(ImageInspector, JpegMayFillBeforeAMarker) {
  std::string jpeg = Sample("baseline.jpg");
  jpeg.insert(2, "\xff\xff\xff");
  EXPECT_EQ(Inspect(jpeg)->width, 48);
}

TEST(ImageInspector, WebpWithAnotherSizeThanItsHeaderSaysIsCut) {
  std::string webp = Sample("lossy.webp");
  webp[5] = static_cast<char>(webp[5] + 1);
  EXPECT_THAT(Problem(webp), HasSubstr("before the size that its header names"));
}

TEST(ImageInspector, WebpChunkLongerThanTheFileIsRefused) {
  std::string webp = Sample("lossy.webp");
  webp[19] = '\xff';
  EXPECT_THAT(Problem(webp), HasSubstr("longer than the file"));
}

TEST(ImageInspector, CountsMoreThanMemoryHolds) {
  ImageInspector inspector;
  const std::string zeros(1 << 20, '\0');
  for (int i = 0; i < 64; ++i) inspector.Append(zeros);
  EXPECT_EQ(inspector.size_bytes(), 64 << 20);
  EXPECT_FALSE(inspector.Finish().ok());
}

}  // namespace
}  // namespace easel::imaging
