#include "generation/catalog.h"

#include <gtest/gtest.h>

namespace easel::generation {
namespace {

v1::ImageSpec Spec(const std::string& model, v1::Quality quality = v1::QUALITY_UNSPECIFIED) {
  v1::ImageSpec spec;
  spec.set_model(model);
  spec.set_quality(quality);
  return spec;
}

TEST(CatalogTest, DefaultsAreFilledInByModelAndWhatIsSetStays) {
  const Catalog catalog(Host::kZai);
  const v1::ImageSpec glm = catalog.Resolve(Spec(""));
  EXPECT_EQ(glm.model(), "glm-image");
  EXPECT_EQ(glm.quality(), v1::QUALITY_HD);
  EXPECT_EQ(glm.size().width(), 1280);
  EXPECT_EQ(glm.size().height(), 1280);

  const v1::ImageSpec cogview = catalog.Resolve(Spec("cogview-4-250304"));
  EXPECT_EQ(cogview.quality(), v1::QUALITY_STANDARD);
  EXPECT_EQ(cogview.size().width(), 1024);

  v1::ImageSpec own = Spec("glm-image", v1::QUALITY_STANDARD);
  own.mutable_size()->set_width(512);
  own.mutable_size()->set_height(640);
  own.set_user_id("user-7");
  EXPECT_EQ(catalog.Resolve(own).SerializeAsString(), own.SerializeAsString());
}

v1::Size SizeOf(int width, int height) {
  v1::Size size;
  size.set_width(width);
  size.set_height(height);
  return size;
}

TEST(CatalogTest, AnotherModelGetsWhatItHasOfTheSameQualityAndSize) {
  const Catalog catalog(Host::kZai);
  v1::ImageSpec spec = catalog.Resolve(Spec("glm-image"));
  spec.set_prompt("a kitten");
  const v1::ImageSpec other = catalog.For("cogview-4-250304", spec);
  EXPECT_EQ(other.model(), "cogview-4-250304");
  EXPECT_EQ(other.quality(), v1::QUALITY_HD);
  EXPECT_EQ(other.size().width(), 1280);
  EXPECT_EQ(other.prompt(), "a kitten");
  EXPECT_EQ(catalog.For("glm-image", spec).SerializeAsString(), spec.SerializeAsString());

  const struct {
    v1::Size asked, given;
  } kSizes[] = {{SizeOf(2048, 2048), SizeOf(1440, 1440)}, {SizeOf(1568, 1056), SizeOf(1568, 1056)},
                {SizeOf(2048, 1088), SizeOf(1984, 1040)}, {SizeOf(512, 2048), SizeOf(512, 2048)}};
  for (const auto& [asked, given] : kSizes) {
    *spec.mutable_size() = asked;
    EXPECT_EQ(catalog.For("cogview-4-250304", spec).size().ShortDebugString(), given.ShortDebugString());
  }
}

TEST(CatalogTest, AnotherModelWithoutTheQualityGetsItsDefault) {
  const Catalog mainland(Host::kMainland);
  EXPECT_EQ(mainland.For("glm-image", mainland.Resolve(Spec("cogview-4-250304"))).quality(), v1::QUALITY_HD);
}

TEST(CatalogTest, PricesAreThoseOfTheHost) {
  const struct {
    Host host;
    const char* model;
    v1::Quality quality;
    std::int64_t cost_micros;
    const char* currency;
  } kCases[] = {
      {Host::kZai, "glm-image", v1::QUALITY_HD, 15'000, "USD"},
      {Host::kZai, "glm-image", v1::QUALITY_STANDARD, 15'000, "USD"},
      {Host::kZai, "cogview-4-250304", v1::QUALITY_HD, 10'000, "USD"},
      {Host::kZai, "cogview-4-250304", v1::QUALITY_STANDARD, 10'000, "USD"},
      {Host::kMainland, "glm-image", v1::QUALITY_HD, 100'000, "CNY"},
      {Host::kMainland, "cogview-4-250304", v1::QUALITY_STANDARD, 60'000, "CNY"},
  };
  for (const auto& c : kCases) {
    const v1::Charge charge = Catalog(c.host).Charge(Spec(c.model, c.quality), v1::CHARGE_STATE_MADE);
    EXPECT_EQ(charge.cost_micros(), c.cost_micros) << c.model;
    EXPECT_EQ(charge.currency(), c.currency) << c.model;
  }
}

TEST(CatalogTest, AChargeOfNothingCostsNothingAndOneAtRiskTheWholePrice) {
  const Catalog catalog(Host::kZai);
  EXPECT_EQ(catalog.Charge(Spec("glm-image", v1::QUALITY_HD), v1::CHARGE_STATE_NONE).cost_micros(), 0);
  EXPECT_EQ(catalog.Charge(Spec("glm-image", v1::QUALITY_HD), v1::CHARGE_STATE_UNKNOWN).cost_micros(), 15'000);
}

TEST(CatalogTest, TheOperatorsPricesHoldForTheQualityTheyNameOrForAll) {
  const Catalog catalog(Host::kZai, {{.model = "glm-image", .quality = v1::QUALITY_HD, .cost_micros = 7, .currency = "EUR"},
                                     {.model = "cogview-4-250304", .cost_micros = 9, .currency = ""}});
  const auto price = [&](const char* model, v1::Quality quality) {
    return catalog.Charge(Spec(model, quality), v1::CHARGE_STATE_MADE);
  };
  EXPECT_EQ(price("glm-image", v1::QUALITY_HD).cost_micros(), 7);
  EXPECT_EQ(price("glm-image", v1::QUALITY_HD).currency(), "EUR");
  EXPECT_EQ(price("glm-image", v1::QUALITY_STANDARD).cost_micros(), 15'000);
  for (const v1::Quality quality : {v1::QUALITY_HD, v1::QUALITY_STANDARD}) {
    EXPECT_EQ(price("cogview-4-250304", quality).cost_micros(), 9);
    EXPECT_EQ(price("cogview-4-250304", quality).currency(), "USD");
  }
}

TEST(CatalogTest, ARecordOfAModelThatIsNoLongerOfferedHasAChargeWithoutAPrice) {
  const v1::Charge charge = Catalog(Host::kZai).Charge(Spec("cogview-3", v1::QUALITY_HD), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(charge.state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(charge.cost_micros(), 0);
}

TEST(CatalogTest, OnlyOneModelIsTheDefault) {
  for (const Host host : {Host::kZai, Host::kMainland}) {
    int defaults = 0;
    const Catalog catalog(host);
    for (const v1::Model& model : catalog.models()) defaults += model.is_default() ? 1 : 0;
    EXPECT_EQ(defaults, 1);
    EXPECT_EQ(catalog.Find("")->model(), "glm-image");
    EXPECT_EQ(catalog.Find("nobody's"), nullptr);
  }
}

}  // namespace
}  // namespace easel::generation
