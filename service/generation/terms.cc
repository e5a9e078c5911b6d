#include "generation/terms.h"

#include "generation/validation.h"

namespace easel::generation {

UpstreamTerms TermsOf(const World& world, std::string_view upstream) {
  const auto found = world.terms.find(upstream);
  return found == world.terms.end() ? UpstreamTerms{world.catalog, world.rejects_duplicates} : found->second;
}

bool Fits(const World& world, const ImageModel& account, const std::string& model, const v1::ImageSpec& spec) {
  const auto found = world.terms.find(account.upstream());
  if (found == world.terms.end()) return true;
  const Catalog& catalog = found->second.catalog;
  return Validate(model == spec.model() ? spec : catalog.For(model, spec), catalog).empty();
}

}  // namespace easel::generation
