#include "generation/validation.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace easel::generation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kGlm[] = "glm-image";
constexpr char kCogView[] = "cogview-4-250304";

v1::ImageSpec Spec(const std::string& model, int width = 0, int height = 0) {
  v1::ImageSpec spec;
  spec.set_model(model);
  spec.set_prompt("a kitten");
  if (width != 0) {
    spec.mutable_size()->set_width(width);
    spec.mutable_size()->set_height(height);
  }
  return spec;
}

std::string Repeated(const std::string& piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

std::vector<std::string> Fields(const std::vector<Violation>& violations) {
  std::vector<std::string> fields;
  for (const Violation& violation : violations) fields.push_back(violation.field);
  return fields;
}

class ValidationTest : public ::testing::Test {
 protected:
  std::vector<std::string> BrokenAtZai(const v1::ImageSpec& spec) { return Fields(Validate(spec, zai_)); }
  std::vector<std::string> BrokenOnTheMainland(const v1::ImageSpec& spec) { return Fields(Validate(spec, mainland_)); }

  const Catalog zai_{Host::kZai};
  const Catalog mainland_{Host::kMainland};
};

TEST_F(ValidationTest, APromptIsEnough) {
  v1::ImageSpec spec;
  spec.set_prompt("a kitten");
  EXPECT_THAT(BrokenAtZai(spec), IsEmpty());
}

TEST_F(ValidationTest, ALongNameOfAModelIsShownWithoutCuttingACharacter) {
  v1::ImageSpec spec = Spec("a" + Repeated("\u56fe", 30));
  const auto violations = Validate(spec, zai_);
  ASSERT_EQ(Fields(violations), std::vector<std::string>{"spec.model"});
  EXPECT_THAT(violations[0].description, testing::StartsWith("is 'a" + Repeated("\u56fe", 21) + "', which"));
}

TEST_F(ValidationTest, SizesAtTheBoundariesAreTakenAndThoseJustBeyondAreNot) {
  const struct {
    const char* model;
    int width, height;
    bool valid;
  } kCases[] = {
      {kGlm, 2048, 2048, true},      {kGlm, 512, 512, true},        {kGlm, 1728, 960, true},  {kGlm, 1952, 832, true},
      {kGlm, 512, 2048, true},       {kGlm, 2080, 1024, false},     {kGlm, 480, 1024, false}, {kGlm, 1024, 480, false},
      {kGlm, 1024, 2080, false},     {kGlm, 1040, 1024, false},     {kGlm, 1024, 1040, false}, {kGlm, 0, 1024, false},
      {kGlm, -1024, -1024, false},   {kGlm, 511, 512, false},       {kGlm, 2049, 1024, false},
      {kCogView, 2048, 1024, true},  {kCogView, 1024, 2048, true},  {kCogView, 512, 512, true}, {kCogView, 528, 512, true},
      {kCogView, 2048, 1040, false}, {kCogView, 1440, 1472, false}, {kCogView, 520, 512, false}, {kCogView, 496, 512, false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.model << " " << c.width << "x" << c.height);
    v1::ImageSpec spec = Spec(c.model);
    spec.mutable_size()->set_width(c.width);
    spec.mutable_size()->set_height(c.height);
    EXPECT_EQ(BrokenAtZai(spec).empty(), c.valid);
    EXPECT_EQ(BrokenOnTheMainland(spec).empty(), c.valid);
  }
}

TEST_F(ValidationTest, AnExplicitSizeOfZeroIsRefusedAndAnUnsetOneIsNot) {
  v1::ImageSpec spec = Spec(kGlm);
  EXPECT_THAT(BrokenAtZai(spec), IsEmpty());
  spec.mutable_size();
  EXPECT_THAT(BrokenAtZai(spec), ElementsAre("spec.size"));
}

TEST_F(ValidationTest, EveryRecommendedSizeOfEveryModelIsValidOnBothHosts) {
  int sizes = 0;
  for (const Catalog* catalog : {&zai_, &mainland_}) {
    for (const v1::Model& model : catalog->models()) {
      for (const v1::Size& size : model.size_rules().recommended_sizes()) {
        EXPECT_THAT(Validate(Spec(model.model(), size.width(), size.height()), *catalog), IsEmpty())
            << model.model() << " " << size.width() << "x" << size.height();
        ++sizes;
      }
    }
  }
  EXPECT_EQ(sizes, 28);
}

TEST_F(ValidationTest, ABrokenSizeNamesItsRulesAndTheNearestValidOne) {
  const auto violations = Validate(Spec(kGlm, 1000, 3000), zai_);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_THAT(violations[0].description, HasSubstr("1000x3000"));
  EXPECT_THAT(violations[0].description, HasSubstr("512 to 2048"));
  EXPECT_THAT(violations[0].description, HasSubstr("multiples of 32"));
  EXPECT_THAT(violations[0].description, HasSubstr("nearest valid size is 992x2048"));
}

TEST_F(ValidationTest, TheNearestSizeOfAnyRandomSizeIsValidAndAValidSizeIsItsOwn) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> near(1, 2600);
  std::uniform_int_distribution<int> far(-2'000'000'000, 2'000'000'000);
  for (int i = 0; i < 20'000; ++i) {
    v1::Size size;
    size.set_width(i % 4 == 0 ? far(random) : near(random));
    size.set_height(i % 8 == 0 ? far(random) : near(random));
    for (const v1::Model& model : zai_.models()) {
      const v1::Size nearest = NearestValidSize(size, model.size_rules());
      ASSERT_THAT(Validate(Spec(model.model(), nearest.width(), nearest.height()), zai_), IsEmpty())
          << model.model() << " " << size.width() << "x" << size.height() << " -> " << nearest.width() << "x"
          << nearest.height();
      const v1::Size again = NearestValidSize(nearest, model.size_rules());
      ASSERT_EQ(again.width(), nearest.width());
      ASSERT_EQ(again.height(), nearest.height());
    }
  }
}

TEST_F(ValidationTest, APromptOfNothingButSpacesIsEmpty) {
  for (const char* prompt : {"", " ", "\t\r\n  "}) {
    v1::ImageSpec spec = Spec(kGlm);
    spec.set_prompt(prompt);
    EXPECT_THAT(BrokenAtZai(spec), ElementsAre("spec.prompt"));
  }
}

TEST_F(ValidationTest, APromptTakes64KiBAndNotAByteMore) {
  v1::ImageSpec spec = Spec(kCogView);
  spec.set_prompt(std::string(64 * 1024, 'x'));
  EXPECT_THAT(BrokenAtZai(spec), IsEmpty());
  spec.set_prompt(std::string(64 * 1024 + 1, 'x'));
  EXPECT_THAT(BrokenAtZai(spec), ElementsAre("spec.prompt"));
}

TEST_F(ValidationTest, TheMainlandCountsCodePointsOfAPromptForGlmImage) {
  for (const std::string piece : {"a", "猫", "🐈"}) {
    v1::ImageSpec spec = Spec(kGlm);
    spec.set_prompt(Repeated(piece, 1000));
    EXPECT_THAT(BrokenOnTheMainland(spec), IsEmpty()) << piece;
    spec.set_prompt(Repeated(piece, 1001));
    EXPECT_THAT(BrokenOnTheMainland(spec), ElementsAre("spec.prompt")) << piece;
    EXPECT_THAT(BrokenAtZai(spec), IsEmpty()) << piece;
    spec.set_model(kCogView);
    EXPECT_THAT(BrokenOnTheMainland(spec), IsEmpty()) << piece;
  }
}

TEST_F(ValidationTest, TheOperatorsPromptLimitHoldsForEveryModel) {
  const Catalog strict(Host::kZai, {}, 5);
  for (const char* model : {kGlm, kCogView}) {
    v1::ImageSpec spec = Spec(model);
    spec.set_prompt("五个字吗吧");
    EXPECT_THAT(Validate(spec, strict), IsEmpty());
    spec.set_prompt("有六个字吗吧");
    const auto violations = Validate(spec, strict);
    ASSERT_EQ(violations.size(), 1U);
    EXPECT_THAT(violations[0].description, HasSubstr("has 6 characters"));
  }
}

TEST_F(ValidationTest, QualitiesAreTheModelsOwn) {
  v1::ImageSpec spec = Spec(kGlm);
  for (const v1::Quality quality : {v1::QUALITY_UNSPECIFIED, v1::QUALITY_HD, v1::QUALITY_STANDARD}) {
    spec.set_quality(quality);
    EXPECT_THAT(BrokenAtZai(spec), IsEmpty());
  }
  EXPECT_THAT(BrokenOnTheMainland(spec), ElementsAre("spec.quality"));
  spec.set_quality(static_cast<v1::Quality>(9));
  EXPECT_THAT(BrokenAtZai(spec), ElementsAre("spec.quality"));
  spec.set_model(kCogView);
  spec.set_quality(v1::QUALITY_STANDARD);
  EXPECT_THAT(BrokenOnTheMainland(spec), IsEmpty());
}

TEST_F(ValidationTest, AUserIdHas6To128CharactersOrNone) {
  const struct {
    std::string user_id;
    bool valid;
  } kCases[] = {{"", true},      {"12345", false},           {"123456", true},           {std::string(128, 'u'), true},
                {std::string(129, 'u'), false}, {Repeated("猫", 5), false}, {Repeated("猫", 128), true}};
  for (const auto& c : kCases) {
    v1::ImageSpec spec = Spec(kGlm);
    spec.set_user_id(c.user_id);
    EXPECT_EQ(BrokenAtZai(spec).empty(), c.valid) << c.user_id;
  }
}

TEST_F(ValidationTest, TheWatermarkSwitchIsTheMainlandsOnly) {
  for (const bool watermark : {true, false}) {
    v1::ImageSpec spec = Spec(kGlm);
    spec.set_watermark(watermark);
    EXPECT_THAT(BrokenAtZai(spec), ElementsAre("spec.watermark"));
    EXPECT_THAT(BrokenOnTheMainland(spec), IsEmpty());
  }
}

TEST_F(ValidationTest, AnUnknownModelIsRefusedWithTheNamesOfThoseThatAreOffered) {
  const auto violations = Validate(Spec("dall-e-3"), zai_);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].field, "spec.model");
  EXPECT_THAT(violations[0].description, HasSubstr("dall-e-3"));
  EXPECT_THAT(violations[0].description, HasSubstr("glm-image, cogview-4-250304"));
}

TEST_F(ValidationTest, AllViolationsComeAtOnce) {
  v1::ImageSpec spec = Spec(kGlm, 100, 100);
  spec.set_prompt(" ");
  spec.set_quality(static_cast<v1::Quality>(9));
  spec.set_user_id("me");
  spec.set_watermark(true);
  EXPECT_THAT(BrokenAtZai(spec),
              ElementsAre("spec.prompt", "spec.quality", "spec.size", "spec.user_id", "spec.watermark"));
  spec.set_model("nobody's");
  EXPECT_THAT(BrokenAtZai(spec), ElementsAre("spec.model", "spec.prompt", "spec.quality", "spec.user_id"));
}

TEST(RequestIdRulesTest, HasUpTo128PrintableAsciiCharacters) {
  EXPECT_THAT(ValidateRequestId(""), IsEmpty());
  EXPECT_THAT(ValidateRequestId("order 1/2 ~"), IsEmpty());
  EXPECT_THAT(ValidateRequestId(std::string(128, '!')), IsEmpty());
  for (const std::string& id : {std::string(129, 'a'), std::string("a\nb"), std::string("caf\xC3\xA9"), std::string("a\0b", 3),
                               std::string("\x7F")}) {
    EXPECT_THAT(Fields(ValidateRequestId(id)), ElementsAre("request_id")) << id;
  }
}

}  // namespace
}  // namespace easel::generation
