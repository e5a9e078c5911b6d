#include "generation/first_turn.h"

#include <utility>

#include "generation/attempts.h"
#include "generation/terms.h"
#include "generation/time.h"

namespace easel::generation {

Standing TakeFirstTurn(const World& world, Record& record, Admission::Place place) {
  v1::Generation& generation = *record.mutable_generation();
  const std::string& model = generation.spec().model();
  Admission::Entry entry{.name = {}, .caller = {}, .model = model, .until = FromProto(record.queue_until())};
  for (const ImageModel* account : world.models.InUse()) {
    if (!Fits(world, *account, model, generation.spec())) entry.not_at.push_back(account);
  }
  Standing standing{.place = std::move(place)};
  if (world.replicas != nullptr) {
    standing.lease = world.replicas->lease();
    if (standing.lease == 0) return standing;
  }
  standing.turn = world.admission.TakeAtOnce(entry);
  if (!standing.turn) return standing;
  standing.place = {};
  BeginAttempt(generation, standing.turn->account(), model, world.clock.Now());
  generation.set_state(v1::GENERATION_STATE_SUBMITTING);
  return standing;
}

}  // namespace easel::generation
