#include "generation/catalog.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include "generation/validation.h"

namespace easel::generation {
namespace {

using Sizes = std::vector<std::pair<int, int>>;

void SetSize(v1::Size& size, std::pair<int, int> sides) {
  size.set_width(sides.first);
  size.set_height(sides.second);
}

// The first size is the default one.
void SetSizes(v1::SizeRules& rules, int multiple, std::int64_t max_pixels, const Sizes& recommended) {
  rules.set_min_side(512);
  rules.set_max_side(2048);
  rules.set_side_multiple(multiple);
  rules.set_max_pixels(max_pixels);
  SetSize(*rules.mutable_default_size(), recommended.front());
  for (const auto& sides : recommended) SetSize(*rules.add_recommended_sizes(), sides);
}

void AddQuality(v1::Model& model, v1::Quality quality, std::int64_t cost_micros, const char* currency, int seconds) {
  auto* option = model.add_qualities();
  option->set_quality(quality);
  option->set_cost_micros(cost_micros);
  option->set_currency(currency);
  option->mutable_typical_duration()->set_seconds(seconds);
}

// The published pages contradict each other on the shortest side (512 or 1024); 1952x832 was seen to work, so only what
// every page refuses is refused here.
v1::Model GlmImage(Host host) {
  v1::Model model;
  model.set_model("glm-image");
  model.set_is_default(true);
  model.set_default_quality(v1::QUALITY_HD);
  SetSizes(*model.mutable_size_rules(), 32, 1 << 22,
           {{1280, 1280}, {1568, 1056}, {1056, 1568}, {1472, 1088}, {1088, 1472}, {1728, 960}, {960, 1728}});
  if (host == Host::kMainland) {
    AddQuality(model, v1::QUALITY_HD, 100'000, "CNY", 20);
    model.set_max_prompt_code_points(1000);
    model.set_supports_watermark(true);
  } else {
    AddQuality(model, v1::QUALITY_HD, 15'000, "USD", 20);
    AddQuality(model, v1::QUALITY_STANDARD, 15'000, "USD", 8);
  }
  return model;
}

v1::Model CogView4(Host host) {
  v1::Model model;
  model.set_model("cogview-4-250304");
  model.set_default_quality(v1::QUALITY_STANDARD);
  SetSizes(*model.mutable_size_rules(), 16, 1 << 21,
           {{1024, 1024}, {768, 1344}, {864, 1152}, {1344, 768}, {1152, 864}, {1440, 720}, {720, 1440}});
  const bool mainland = host == Host::kMainland;
  const std::int64_t cost = mainland ? 60'000 : 10'000;
  const char* currency = mainland ? "CNY" : "USD";
  AddQuality(model, v1::QUALITY_HD, cost, currency, 20);
  AddQuality(model, v1::QUALITY_STANDARD, cost, currency, 8);
  model.set_supports_watermark(mainland);
  return model;
}

void Apply(const PriceOverride& price, v1::Model& model) {
  if (price.model != model.model()) return;
  for (auto& option : *model.mutable_qualities()) {
    if (price.quality != v1::QUALITY_UNSPECIFIED && price.quality != option.quality()) continue;
    option.set_cost_micros(price.cost_micros);
    if (!price.currency.empty()) option.set_currency(price.currency);
  }
}

}  // namespace

struct Catalog::Versions {
  std::vector<v1::Model> built_in;
  std::mutex mutex;
  std::deque<std::vector<v1::Model>> all;  // none ever goes
  std::atomic<const std::vector<v1::Model>*> newest;
};

Catalog::Catalog(Host host, const std::vector<PriceOverride>& prices, std::optional<int> max_prompt_code_points)
    : versions_(std::make_shared<Versions>()) {
  versions_->built_in = {GlmImage(host), CogView4(host)};
  for (v1::Model& model : versions_->built_in) {
    if (max_prompt_code_points) model.set_max_prompt_code_points(*max_prompt_code_points);
  }
  SetPrices(prices);
}

void Catalog::SetPrices(const std::vector<PriceOverride>& prices) {
  std::vector<v1::Model> models = versions_->built_in;
  for (v1::Model& model : models) {
    for (const PriceOverride& price : prices) Apply(price, model);
  }
  const std::lock_guard lock(versions_->mutex);
  versions_->newest = &versions_->all.emplace_back(std::move(models));
}

const std::vector<v1::Model>& Catalog::models() const { return *versions_->newest; }

const v1::Model* Catalog::Find(std::string_view name) const {
  for (const v1::Model& model : models()) {
    if (name.empty() ? model.is_default() : model.model() == name) return &model;
  }
  return nullptr;
}

v1::ImageSpec Catalog::Resolve(v1::ImageSpec spec) const {
  const v1::Model& model = *Find(spec.model());
  spec.set_model(model.model());
  if (spec.quality() == v1::QUALITY_UNSPECIFIED) spec.set_quality(model.default_quality());
  if (!spec.has_size()) *spec.mutable_size() = model.size_rules().default_size();
  return spec;
}

v1::ImageSpec Catalog::For(std::string_view name, v1::ImageSpec spec) const {
  const v1::Model* model = Find(name);
  if (model == nullptr || spec.model() == name) return spec;
  spec.set_model(model->model());
  if (FindQuality(*model, spec.quality()) == nullptr) spec.set_quality(model->default_quality());
  *spec.mutable_size() = NearestValidSize(spec.size(), model->size_rules());
  return spec;
}

v1::Charge Catalog::Charge(const v1::ImageSpec& resolved, v1::ChargeState state) const {
  v1::Charge charge;
  charge.set_state(state);
  const v1::Model* model = Find(resolved.model());
  const v1::QualityOption* option = model == nullptr ? nullptr : FindQuality(*model, resolved.quality());
  if (option == nullptr) return charge;  // a record of a model that this release does not have
  charge.set_currency(option->currency());
  if (state != v1::CHARGE_STATE_NONE) charge.set_cost_micros(option->cost_micros());
  return charge;
}

const v1::QualityOption* FindQuality(const v1::Model& model, v1::Quality quality) {
  for (const auto& option : model.qualities()) {
    if (option.quality() == quality) return &option;
  }
  return nullptr;
}

std::string_view QualityName(v1::Quality quality) { return quality == v1::QUALITY_HD ? "hd" : "standard"; }

}  // namespace easel::generation
