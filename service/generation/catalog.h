#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "easel/v1/generation.pb.h"
#include "easel/v1/image.pb.h"
#include "easel/v1/model.pb.h"

namespace easel::generation {

// Whose models and prices. Facts: Z.AI OpenAPI 2026-08, mainland OpenAPI 2026-07, the GLM-Image guide.
enum class Host {
  kZai,
  // Prices in CNY; glm-image in hd only and with prompts up to 1,000 code points; knows the watermark switch.
  kMainland,
};

// A price that the operator knows better.
struct PriceOverride {
  std::string model;
  v1::Quality quality = v1::QUALITY_UNSPECIFIED;  // UNSPECIFIED: every quality of the model
  std::int64_t cost_micros = 0;
  std::string currency;  // empty: as it was
};

// What can be asked for: models, sizes, qualities, prices. Only prices ever change. Thread-safe; copies share the prices.
class Catalog {
 public:
  explicit Catalog(Host host, const std::vector<PriceOverride>& prices = {},
                   std::optional<int> max_prompt_code_points = std::nullopt);

  // Other prices than the built-in ones, from here on. What was looked at before stays as it was, and there, for as long as
  // the catalog: prices change a few times in a process's life.
  void SetPrices(const std::vector<PriceOverride>& prices);

  const std::vector<v1::Model>& models() const;
  // nullptr if there is no such model; "" is the default model.
  const v1::Model* Find(std::string_view model) const;

  // `spec` with model, quality and size filled in. `spec` is valid.
  v1::ImageSpec Resolve(v1::ImageSpec spec) const;

  // The resolved `spec` for another model of the catalog: the same quality if that model has it, else its default; the
  // same size if that is allowed, else the nearest allowed one of about the same shape.
  v1::ImageSpec For(std::string_view model, v1::ImageSpec spec) const;

  // What an image of this resolved spec costs, as a charge in `state`; 0 for NONE.
  v1::Charge Charge(const v1::ImageSpec& resolved, v1::ChargeState state) const;

 private:
  struct Versions;
  std::shared_ptr<Versions> versions_;
};

const v1::QualityOption* FindQuality(const v1::Model& model, v1::Quality quality);

// "hd" or "standard".
std::string_view QualityName(v1::Quality quality);

}  // namespace easel::generation
